"""The canonical schema, the engines that hold it, and the control state: all databases are opened here.

Names are imported on first use, so that a process that needs only `store.errors` loads no engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.control import Control, open_control
    from store.opening import open_store
    from store.port import Frame, Replacement, Store, StoreSize
    from store.settings import StoreSettings

__all__ = [
    "Control",
    "Frame",
    "Replacement",
    "Store",
    "StoreSettings",
    "StoreSize",
    "open_control",
    "open_store",
]

_HOMES = {
    "Control": "store.control",
    "Frame": "store.port",
    "Replacement": "store.port",
    "Store": "store.port",
    "StoreSettings": "store.settings",
    "StoreSize": "store.port",
    "open_control": "store.control",
    "open_store": "store.opening",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
