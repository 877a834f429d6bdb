"""Operations that ask what the data means: comparisons, reports, search, datasets, reviews."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from analytics.compare import (
    DEFAULT_METRICS,
    Comparison,
    Side,
    compare,
    compare_shadows,
    find_imbalances,
    read_side,
    say_imbalance,
)
from analytics.golden import (
    Redaction,
    choose_runs,
    export_cases,
    find_regressions,
    import_results,
    label_run,
)
from analytics.reports import (
    Installed,
    build_digest,
    check_readiness,
    write_digest_html,
    write_digest_markdown,
    write_readiness_markdown,
)
from analytics.search import search_messages
from spanledger.services import Services
from store.clock import utc_now

Arguments = Mapping[str, Any]
Progress = Callable[..., None]


def _window(arguments: Arguments) -> tuple[datetime, datetime]:
    now = utc_now()
    return now - timedelta(seconds=float(arguments["last_s"])), now


def compare_sides(services: Services, arguments: Arguments, _: Progress) -> pa.Table:
    """Compare two versions or periods."""
    sides = _sides(arguments)
    metrics = arguments.get("metrics") or DEFAULT_METRICS
    rows = compare(services.store, sides[0], sides[1], metrics)
    return pa.Table.from_pylist([_tell(row) for row in rows], schema=_COMPARED)


def compare_mix(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Say what else differs between two sides."""
    return {"hints": [say_imbalance(it) for it in find_imbalances(services.store, *_sides(arguments))]}


def _sides(arguments: Arguments) -> tuple[Side, Side]:
    start, end = _window(arguments)
    where = dict(arguments.get("where") or {})
    a, b = (read_side(arguments[name], start, end, where) for name in ("a", "b"))
    return a, b


_NUMBERS = ("a", "b", "difference", "low", "high", "p", "p_adjusted", "detectable")
_COMPARED = pa.schema(
    [
        ("metric", pa.string()),
        *((name, pa.float64()) for name in _NUMBERS),
        *((name, pa.int64()) for name in ("n_a", "n_b", "units_a", "units_b")),
        ("unit", pa.string()),
        ("verdict", pa.string()),
        *((name, pa.bool_()) for name in ("is_partial_a", "is_partial_b")),
    ]
)


def _tell(row: Comparison) -> dict[str, Any]:
    effect = row.effect
    return {
        "metric": row.metric.name,
        **{name: getattr(effect, name) for name in _NUMBERS if name != "p_adjusted"},
        "p_adjusted": row.p_adjusted,
        "n_a": row.events[0],
        "n_b": row.events[1],
        "units_a": row.units[0],
        "units_b": row.units[1],
        "unit": row.unit,
        "verdict": row.verdict,
        "is_partial_a": row.is_partial[0],
        "is_partial_b": row.is_partial[1],
    }


def compare_shadow_runs(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Compare shadow runs with the runs they repeat."""
    report = compare_shadows(services.store, *_window(arguments), agents=arguments.get("agents") or ())
    return {
        "pairs": report.pairs.height,
        "paired_by_id": int((report.pairs["paired_by"] == "id").sum()),
        "unpaired": report.unpaired,
        "same_tools": report.same_tools,
        "same_outcome": report.same_outcome,
        "outcome_p": report.outcome_p,
        "cost_usd": vars(report.cost_usd),
        "total_usd": report.total_usd,
        "duration_ms": vars(report.duration_ms),
        "is_partial": report.is_partial,
        "differing": report.pairs.filter(~report.pairs["same_tools"])
        .select("shadow_run_id", "run_id", "differs_at", "tools", "shadow_tools")
        .head(20)
        .to_dicts(),
    }


def report_readiness(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Check a service against the production checklist."""
    alerting = services.config.alerting
    installed = Installed(alerts=len(alerting.rules), channels=len(alerting.channels))
    report = check_readiness(services.store, arguments.get("service"), utc_now(), installed)
    return {
        "markdown": write_readiness_markdown(report),
        "is_ready": report.is_ready,
        "items": [vars(item) for item in report.items],
    }


def report_digest(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Write the daily or weekly report up to now, or up to a time."""
    until = arguments.get("until")
    end = datetime.fromisoformat(until) if until else utc_now()
    digest = build_digest(
        services.store, arguments["period"], end, dashboard_url=services.config.dashboard_url
    )
    write = write_digest_html if arguments.get("form") == "html" else write_digest_markdown
    return {"text": write(digest)}


def search(services: Services, arguments: Arguments, _: Progress) -> pa.Table:
    """Search inputs and outputs for a text."""
    found = search_messages(
        services.store, arguments["text"], *_window(arguments), agents=arguments.get("agents") or (),
        max_rows=int(arguments.get("max_rows") or 100),
    )  # fmt: skip
    return found.to_arrow()


def export_golden(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Choose runs and return them as cases, cleaned."""
    runs = _choose(services, arguments)
    redaction = Redaction.of(arguments.get("redact") or ())
    return {"cases": list(export_cases(services.store, runs, redaction))}


def import_golden(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Keep the results of an evaluation suite."""
    kept = import_results(
        services.store, arguments["suite"], arguments["version"], arguments["rows"], utc_now()
    )
    return {"kept": kept}


def golden_regressions(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Compare the results of two versions of a suite, case by case."""
    found = find_regressions(services.store, arguments["suite"], arguments["before"], arguments["after"])
    return {**vars(found), "broken": found.broken.to_dicts()}


def sample_review(services: Services, arguments: Arguments, _: Progress) -> pa.Table:
    """Choose runs for a person to look at."""
    runs = _choose(services, arguments)
    return runs.select(
        "run_id", "started_at", "agent", "outcome", "failure_class", "feedback", "lowest_score", "input", "output"
    ).to_arrow()  # fmt: skip


def label_review(services: Services, arguments: Arguments, _: Progress) -> Mapping[str, Any]:
    """Write a person's judgement on a run."""
    label_run(
        services.store, arguments["run_id"], utc_now(), name=arguments["name"], value=arguments.get("value"),
        label=arguments.get("label"), explanation=arguments.get("explanation"),
    )  # fmt: skip
    services.scheduler.wake()
    return {}


def _choose(services: Services, arguments: Arguments) -> Any:
    return choose_runs(
        services.store, arguments["kind"], *_window(arguments), count=int(arguments["count"]),
        agents=arguments.get("agents") or (), run_ids=arguments.get("run_ids") or (),
        seed=int(arguments.get("seed") or 0),
    )  # fmt: skip
