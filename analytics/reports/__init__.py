"""Reports: whether a service is ready for production, and what changed in a day or a week."""

from __future__ import annotations

from analytics.reports.digest import LENGTHS, Digest, build_digest
from analytics.reports.readiness import Installed, Readiness, check_readiness
from analytics.reports.settings import ReportSettings
from analytics.reports.writing import (
    link_digest,
    say_broken,
    say_change,
    say_figure,
    say_happened,
    summarise,
    write_digest_html,
    write_digest_markdown,
    write_readiness_markdown,
)

__all__ = [
    "LENGTHS",
    "Digest",
    "Installed",
    "Readiness",
    "ReportSettings",
    "build_digest",
    "check_readiness",
    "link_digest",
    "say_broken",
    "say_change",
    "say_figure",
    "say_happened",
    "summarise",
    "write_digest_html",
    "write_digest_markdown",
    "write_readiness_markdown",
]
