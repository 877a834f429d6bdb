"""The job that derives model calls, tool calls, runs and their cost from newly loaded spans."""

from __future__ import annotations

from analytics.facts.job import facts_job

__all__ = ["facts_job"]
