"""OTLP request bodies to flat columns: vectorised, many bodies at a time."""

from __future__ import annotations

from collector.decode.batch import SpanBatch
from collector.decode.traces import decode_traces

__all__ = ["SpanBatch", "decode_traces"]
