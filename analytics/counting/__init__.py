"""Counting: from the spans of whole traces to model calls, tool calls and runs, each once."""

from __future__ import annotations

from analytics.counting.count import Counted, count_traces, with_all_columns
from analytics.counting.spans import SPAN_COLUMNS
from analytics.counting.twins import name_likeness

__all__ = ["SPAN_COLUMNS", "Counted", "count_traces", "name_likeness", "with_all_columns"]
