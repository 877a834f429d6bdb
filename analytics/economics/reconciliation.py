"""The provider's bill beside what was observed: by day and model, what is missing on which side, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from analytics.economics.exports import BillLine
from analytics.pricing.corrections import instant_of
from analytics.pricing.names import is_provider
from store.errors import RejectedData

if TYPE_CHECKING:
    from store import Store

_TOLERANCE: Final = Decimal("0.001")
"""A difference up to one part in a thousand, or to a cent, is none: bills are rounded."""
_CENT: Final = Decimal("0.01")
PROJECTS: Final = ("service", "environment", "tenant", "agent")
"""What here may be what a provider calls a project."""

_NOTHING: Final = Decimal(0)

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
    """Of the bill; several are joined by commas where days are not compared by project."""
    billed_usd: Decimal | None
    """None: the export tells of tokens only, or has no such line."""
    observed_usd: Decimal | None
    billed_tokens: int | None
    observed_tokens: int
    calls: int
    unpriced: int = 0
    without_usage: int = 0
    why: str = "equal"

    @property
    def difference_usd(self) -> Decimal:
        """Billed less observed."""
        return (self.billed_usd or _NOTHING) - (self.observed_usd or _NOTHING)


@dataclass(frozen=True)
class Reconciliation:
    """A bill beside what was observed."""

    rows: Sequence[Comparison]
    billed_usd: Decimal
    observed_usd: Decimal
    other_usd: Decimal
    """Billed for what is no model: storage, seats, lines without a model."""
    providers: Sequence[str]
    """Whose calls were compared; none: all."""

    @property
    def difference_usd(self) -> Decimal:
        """Billed for models less observed."""
        return self.billed_usd - self.observed_usd


def reconcile(
    store: Store, lines: Sequence[BillLine], providers: Sequence[str] = (), project_is: str | None = None
) -> Reconciliation:
    """Compare a bill with the model calls of its days.

    Args:
        store: Where the calls are.
        lines: The bill.
        providers: Whose calls are compared; none: of the provider whose export it is, else all.
        project_is: The dimension whose values are the bill's projects; None: projects are not told apart.

    Raises:
        RejectedData: No line is for a model.
    """
    models = [line for line in lines if line.model]
    other = sum((line.cost_usd or _NOTHING for line in lines if not line.model), _NOTHING)
    wanted = tuple(providers) or tuple(sorted({line.provider for line in lines if line.provider}))
    if not models:
        raise RejectedData(
            "the export names no model, so there is nothing to compare; group it by line item (OpenAI), or by "
            "description or model (Anthropic)"
        )
    first, last = min(line.day for line in models), max(line.day for line in models)
    params: dict[str, object] = {
        "first": instant_of(first),
        "until": instant_of(last + timedelta(days=1)),
        "project": project_is or "",
    }
    observed = [
        row
        for row in store.select("economics/observed", params).to_dicts()
        if not wanted or any(is_provider(one, (row["provider"] or "").lower()) for one in wanted)
    ]
    rows = list(_join(models, observed, by_project=project_is is not None))
    _explain(rows)
    _name_models(rows, [*(row["model"] or "" for row in observed), *(line.model or "" for line in models)])
    return Reconciliation(
        sorted(rows, key=lambda row: (row.day, row.model, row.project or "")),
        sum((row.billed_usd or _NOTHING for row in rows), _NOTHING),
        sum((row.observed_usd or _NOTHING for row in rows), _NOTHING),
        other,
        wanted,
    )


def family_of(model: str) -> str:
    """Return the name under which a bill and calls are compared: without provider, date and version.

    >>> family_of("gpt-4o-2024-08-06"), family_of("Claude Sonnet 4.5")
    ('gpt-4o', 'claude-sonnet-4-5')
    """
    name = model.strip().lower().rpartition("/")[2].replace(" ", "-").replace(".", "-")
    if name.startswith("ft:"):
        # Bills name the model that was tuned: ft-gpt-4o-2024-08-06.
        name = "-".join(name.split(":")[:2])
    return _DATE.sub("", name.removesuffix("-latest"))


_DATE: Final = re.compile(r"[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{4})$")


def _join(
    lines: Iterable[BillLine], observed: Iterable[dict[str, Any]], *, by_project: bool
) -> Iterable[Comparison]:
    rows: dict[tuple[date, str, str], Comparison] = {}

    def find(day: date, model: str, project: str | None) -> Comparison:
        name = (project or "") if by_project else ""
        fresh = Comparison(day, model, name or None, None, None, None, 0, 0)
        return rows.setdefault((day, model, name), fresh)

    for line in lines:
        row = find(line.day, family_of(line.model or ""), line.project)
        if line.cost_usd is not None:
            row.billed_usd = (row.billed_usd or _NOTHING) + line.cost_usd
        if line.tokens is not None:
            row.billed_tokens = (row.billed_tokens or 0) + line.tokens
        if line.project and not by_project:
            row.project = ", ".join(sorted({*(row.project or line.project).split(", "), line.project}))
    for seen in observed:
        row = find(seen["day_at"].date(), family_of(seen["model"] or ""), seen["project"])
        row.calls += int(seen["calls"])
        row.unpriced += int(seen["unpriced"])
        row.without_usage += int(seen["without_usage"])
        row.observed_tokens += int(seen["tokens_in"] or 0) + int(seen["tokens_out"] or 0)
        if seen["total_usd"] is not None:
            row.observed_usd = (row.observed_usd or _NOTHING) + seen["total_usd"]
    return rows.values()


def _name_models(rows: Iterable[Comparison], names: Iterable[str]) -> None:
    """Call each model as calls do, else as the bill does, without its date."""
    labels: dict[str, str] = {}
    for name in names:
        labels.setdefault(family_of(name), _DATE.sub("", name.strip()))
    for row in rows:
        row.model = labels.get(row.model, row.model)


def _explain(rows: Sequence[Comparison]) -> None:
    by_model: dict[tuple[str, str | None], list[Comparison]] = {}
    for row in rows:
        row.why = _why(row)
        by_model.setdefault((row.model, row.project), []).append(row)
    for listed in by_model.values():
        billed = sum((row.billed_usd or _NOTHING for row in listed), _NOTHING)
        ours = sum((row.observed_usd or _NOTHING for row in listed), _NOTHING)
        differing = [row for row in listed if row.why in ("usage", "not billed", "not instrumented", "price")]
        if len(differing) >= 2 and billed and _is_equal(billed, ours):
            for row in differing:
                row.why = "time zone"


def _why(row: Comparison) -> str:
    if not row.calls:
        return "not instrumented"
    if row.billed_usd is None and row.billed_tokens is None:
        return "not billed"
    same_tokens = row.billed_tokens is not None and _is_equal(
        Decimal(row.billed_tokens), Decimal(row.observed_tokens), least=_NOTHING
    )
    if row.billed_usd is None:
        if same_tokens:
            return "equal"
        return "no usage" if row.without_usage else "usage"
    if _is_equal(row.billed_usd, row.observed_usd or _NOTHING):
        return "equal"
    if row.unpriced:
        return "unpriced"
    if row.without_usage:
        return "no usage"
    if same_tokens:
        return "price"
    return (
        "usage"
        if row.billed_usd < (row.observed_usd or _NOTHING) or row.billed_tokens
        else "not instrumented"
    )


def _is_equal(one: Decimal, other: Decimal, least: Decimal = _CENT) -> bool:
    return abs(one - other) <= max(least, _TOLERANCE * max(abs(one), abs(other)))
