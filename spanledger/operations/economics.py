"""Operations that report on money: resolutions, waste, savings, forecast, unit economics, the provider's bill."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics.economics.exports import read_export
from analytics.economics.forecast import forecast_month
from analytics.economics.hosting import measure_hosted
from analytics.economics.projection import (
    LEAST_USERS,
    fees_between,
    fees_of_last_month,
    measure_population,
    project,
)
from analytics.economics.reconciliation import PROJECTS, WHY, reconcile
from analytics.economics.resolutions import measure_resolutions
from analytics.economics.savings import compare_model, find_savings, find_waste
from analytics.pricing.currency import display_at
from spanledger.operations.money import parse_instant
from spanledger.services import Services
from store.clock import utc_now
from store.errors import ConfigError

Progress = Callable[..., None]


def report_resolutions(services: Services, arguments: Mapping[str, Any], _: Progress) -> Mapping[str, Any]:
    """Return what resolutions cost, of all cases or by a dimension."""
    first, until = _window(arguments)
    found = measure_resolutions(services.store, first, until, by=arguments.get("by"))
    still_open = services.store.select("economics/open_cases", {"until": until}).row(0, named=True)
    return _shown(
        services,
        {
            "first": _say(first),
            "until": _say(until),
            "groups": [_plain(asdict(one) | {"resolved": one.resolved}) for one in found],
            "open_cases": int(still_open["cases"]),
            "fees_usd": fees_between(services.prices.own.fees, first, until),
        },
    )


def report_waste(services: Services, arguments: Mapping[str, Any], _: Progress) -> Mapping[str, Any]:
    """Return what bought nothing, what caching and batches save, and how machines of one's own were used."""
    first, until = _window(arguments)
    book = services.prices.book(services.store)
    waste = find_waste(services.store, book, first, until)
    savings = find_savings(services.store, book, first, until)
    hosted = measure_hosted(services.store, services.prices.own.models, first, until)
    return _shown(
        services,
        {
            "first": _say(first),
            "until": _say(until),
            "waste": [_plain(asdict(one)) for one in waste],
            "savings": [_plain(asdict(one)) for one in savings],
            "hosted": [
                _plain(asdict(one) | {"idle_usd": one.idle_usd, "busy_share": one.busy_share})
                for one in hosted
            ],
        },
    )


def report_instead(services: Services, arguments: Mapping[str, Any], _: Progress) -> Mapping[str, Any]:
    """Return what a model's calls cost, and what the same usage would have cost on another."""
    first, until = _window(arguments)
    provider, slash, model = str(arguments["by_model"]).partition("/")
    if not slash:
        raise ConfigError(
            f"{arguments['by_model']!r} names no provider; write PROVIDER/MODEL, for example openai/gpt-4o"
        )
    old, new = compare_model(
        services.store,
        services.prices.book(services.store),
        first,
        until,
        instead_of=arguments["model"],
        provider=provider,
        model=model,
    )
    return _shown(
        services,
        {
            "first": _say(first),
            "until": _say(until),
            "old": _plain(asdict(old)),
            "new": _plain(asdict(new)),
        },
    )


def report_forecast(services: Services, arguments: Mapping[str, Any], _: Progress) -> Mapping[str, Any]:
    """Return what the present month will cost."""
    found = forecast_month(services.store, utc_now(), limit_usd=arguments.get("limit"))
    return _shown(services, _plain(asdict(found)))


def report_economics(services: Services, arguments: Mapping[str, Any], _: Progress) -> Mapping[str, Any]:
    """Return what numbers of monthly users would cost.

    Raises:
        ConfigError: too few users are known in the window.
    """
    first, until = _window(arguments)
    population = measure_population(services.store, first, until)
    if population is None:
        raise ConfigError(
            f"fewer than {LEAST_USERS} users are known from {_say(first)} to {_say(until)}; "
            "send user.id on agents' spans, or give a longer window with --from"
        )
    fees = fees_of_last_month(services.prices.own.fees, until)
    return _shown(
        services,
        {
            "first": _say(first),
            "until": _say(until),
            "population": _plain(asdict(population)),
            "projections": [
                _plain(asdict(one) | {"per_user_usd": one.per_user_usd})
                for one in project(population, arguments["users"], fees)
            ],
        },
    )


def report_bill(services: Services, arguments: Mapping[str, Any], _: Progress) -> Mapping[str, Any]:
    """Return a provider's bill beside what was observed.

    Raises:
        RejectedData: the export cannot be read.
        ConfigError: projects are said to be no dimension.
    """
    lines = read_export(Path(arguments["file"]))
    project_is = arguments.get("project_is")
    if project_is is not None and project_is not in PROJECTS:
        raise ConfigError(f"{project_is!r} is no dimension of projects; use {', '.join(PROJECTS)}")
    found = reconcile(services.store, lines, arguments.get("providers") or [], project_is)
    return _shown(
        services,
        {
            "rows": [_plain(asdict(row) | {"difference_usd": row.difference_usd}) for row in found.rows],
            "billed_usd": str(found.billed_usd),
            "observed_usd": str(found.observed_usd),
            "difference_usd": str(found.difference_usd),
            "other_usd": str(found.other_usd),
            "providers": list(found.providers),
            "reasons": {why: WHY[why] for why in sorted({row.why for row in found.rows})},
        },
    )


def _shown(services: Services, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the currency that the configuration shows amounts in."""
    display = display_at(services.prices.own, utc_now())
    return {**found, "currency": display.currency, "per_usd": display.per_usd}


def _window(arguments: Mapping[str, Any]) -> tuple[datetime, datetime]:
    until = parse_instant(arguments["until"]) if arguments.get("until") else utc_now()
    first = parse_instant(arguments["first"]) if arguments.get("first") else until - timedelta(days=30)
    if first >= until:
        raise ConfigError(f"nothing lies from {_say(first)} to before {_say(until)}; give a later --to")
    return first, until


def _say(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in values.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value
