"""Drift: small and lasting changes of behaviour, found over hourly rollups with few false alarms."""

from __future__ import annotations

from analytics.drift.monitor import drift_job

__all__ = ["drift_job"]
