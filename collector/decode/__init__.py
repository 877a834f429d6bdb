"""OTLP request bodies to flat columns: vectorised, many bodies at a time.

Names are imported on first use, so that the front, which only checks bodies, loads no data frames.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.decode.batch import SpanBatch
    from collector.decode.traces import decode_traces

__all__ = ["SpanBatch", "decode_traces"]

_HOMES = {"SpanBatch": "collector.decode.batch", "decode_traces": "collector.decode.traces"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
