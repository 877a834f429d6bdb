"""Operations that change the store as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spanledger.services import Services


def compact_store(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> Mapping[str, Any]:
    """Give unused blocks back to the file system."""
    before = services.store.size().file_bytes
    services.store.compact()
    return {"before_bytes": before, "after_bytes": services.store.size().file_bytes}
