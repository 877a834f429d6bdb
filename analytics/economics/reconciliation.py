"""The provider's bill beside what was observed: by day and model, what is missing on which side, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from analytics.economics.exports import BillLine
from analytics.pricing.corrections import instant_of

if TYPE_CHECKING:
    from store import Store

_TOLERANCE: Final = 0.01
"""A difference up to one part in a hundred, or to a cent, is none: bills are rounded."""
_CENT: Final = 0.01

WHY: Final = {
    "equal": "both say the same",
    "unpriced": "calls of the model have no full price here; `spanledger prices check` names them",
    "no usage": "calls were seen without usage, as streams are that do not ask for it",
    "not instrumented": "the provider billed calls that were not observed",
    "not billed": "calls were observed that the bill does not have",
    "time zone": "the days differ but their sum does not: the bill's days begin at another hour",
    "price": "the same tokens were billed at another price: a discount, a tier or a price we do not know",
    "usage": "more or fewer tokens were billed than observed",
}


@dataclass
class Comparison:
    """One day and model."""

    day: date
    model: str
    project: str | None
    """Of the bill; several are joined by commas."""
    billed_usd: float
    observed_usd: float | None
    billed_tokens: int | None
    observed_tokens: int
    calls: int
    why: str = "equal"
    notes: list[str] = field(default_factory=list[str])

    @property
    def difference_usd(self) -> float:
        """Billed less observed."""
        return self.billed_usd - (self.observed_usd or 0.0)


@dataclass(frozen=True)
class Reconciliation:
    """A bill beside what was observed."""

    rows: Sequence[Comparison]
    billed_usd: float
    observed_usd: float
    other_usd: float
    """Billed for what is no model: storage, seats, lines without a model."""

    @property
    def difference_usd(self) -> float:
        """Billed for models less observed."""
        return self.billed_usd - self.observed_usd


def reconcile(store: Store, lines: Sequence[BillLine], providers: Sequence[str]) -> Reconciliation:
    """Compare a bill with the model calls of some providers on its days."""
    models = [line for line in lines if line.model]
    other = sum(line.cost_usd or 0.0 for line in lines if not line.model)
    if not models:
        return Reconciliation([], 0.0, 0.0, other)
    first, last = min(line.day for line in models), max(line.day for line in models)
    params: dict[str, object] = {
        "first": instant_of(first),
        "until": instant_of(last + timedelta(days=1)),
        "providers": list(providers) or ["*"],
    }
    observed = store.select("economics/observed", params).to_dicts()
    rows = list(_join(models, observed))
    _explain(rows, {_key(row): row for row in observed})
    return Reconciliation(
        sorted(rows, key=lambda row: (row.day, row.model)),
        sum(row.billed_usd for row in rows),
        sum(row.observed_usd or 0.0 for row in rows),
        other,
    )


def family_of(model: str) -> str:
    """Return the name under which a bill and calls are compared: without provider, date and version.

    >>> family_of("gpt-4o-2024-08-06"), family_of("Claude Sonnet 4.5")
    ('gpt-4o', 'claude-sonnet-4-5')
    """
    name = model.strip().lower().rpartition("/")[2].replace(" ", "-").replace(".", "-")
    return _DATE.sub("", name.removesuffix("-latest"))


_DATE: Final = re.compile(r"[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{4})$")


def _key(row: dict[str, Any]) -> tuple[date, str]:
    return row["day_at"].date(), family_of(row["model"] or "")


def _join(lines: Iterable[BillLine], observed: Iterable[dict[str, Any]]) -> Iterable[Comparison]:
    rows: dict[tuple[date, str], Comparison] = {}
    projects: dict[tuple[date, str], set[str]] = {}
    for line in lines:
        key = (line.day, family_of(line.model or ""))
        row = rows.setdefault(key, Comparison(line.day, key[1], None, 0.0, None, None, 0, 0))
        row.billed_usd += line.cost_usd or 0.0
        if line.tokens is not None:
            row.billed_tokens = (row.billed_tokens or 0) + line.tokens
        if line.project:
            projects.setdefault(key, set()).add(line.project)
            row.project = ", ".join(sorted(projects[key]))
    for seen in observed:
        key = _key(seen)
        row = rows.setdefault(key, Comparison(key[0], key[1], None, 0.0, None, None, 0, 0))
        row.calls += int(seen["calls"])
        row.observed_tokens += int(seen["tokens_in"] or 0) + int(seen["tokens_out"] or 0)
        if seen["total_usd"] is not None:
            row.observed_usd = (row.observed_usd or 0.0) + float(seen["total_usd"])
    return rows.values()


def _explain(rows: Sequence[Comparison], observed: dict[tuple[date, str], dict[str, Any]]) -> None:
    for row in rows:
        seen = observed.get((row.day, row.model))
        row.why = _why(row, seen)
    by_model: dict[str, list[Comparison]] = {}
    for row in rows:
        by_model.setdefault(row.model, []).append(row)
    for listed in by_model.values():
        billed, ours = sum(row.billed_usd for row in listed), sum(row.observed_usd or 0.0 for row in listed)
        differing = [row for row in listed if row.why in ("usage", "not billed", "not instrumented", "price")]
        if len(differing) >= 2 and _is_equal(billed, ours):
            for row in differing:
                row.why = "time zone"


def _why(row: Comparison, seen: dict[str, Any] | None) -> str:
    if not row.calls:
        return "not instrumented"
    if not row.billed_usd and row.billed_tokens is None:
        return "not billed"
    if _is_equal(row.billed_usd, row.observed_usd or 0.0):
        return "equal"
    if seen is not None and seen["unpriced"]:
        return "unpriced"
    if seen is not None and seen["without_usage"]:
        return "no usage"
    if row.billed_tokens is not None and _is_equal(row.billed_tokens, row.observed_tokens):
        return "price"
    return "usage" if row.billed_usd < (row.observed_usd or 0.0) or row.billed_tokens else "not instrumented"


def _is_equal(one: float, other: float) -> bool:
    return abs(one - other) <= max(_CENT, _TOLERANCE * max(abs(one), abs(other)))
