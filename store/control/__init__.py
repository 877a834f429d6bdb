"""Control state: alerts, outbox, silences, marks, keys, budgets, audit; small and transactional."""

from __future__ import annotations

from store.control.database import Control, open_control
from store.control.mirror import mirror_control

__all__ = ["Control", "mirror_control", "open_control"]
