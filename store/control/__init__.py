"""Control state: alerts, outbox, silences, marks, keys, budgets, audit; small and transactional.

Names are imported on first use, so that a process that needs only what a person or a rule is loads no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.control.database import Control, open_control
    from store.control.mirror import mirror_control

__all__ = ["Control", "mirror_control", "open_control"]

_HOMES = {
    "Control": "store.control.database",
    "mirror_control": "store.control.mirror",
    "open_control": "store.control.database",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
