"""The production checklist of a service: each item passed, failed or unknown, with the evidence and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from analytics.figures import format_share
from analytics.metrics import evaluate
from analytics.metrics.pieces import Span, read_standing
from store.errors import NotFound
from store.terms import PURPOSES

if TYPE_CHECKING:
    from store import Store

Verdict = Literal["passed", "failed", "unknown"]

WINDOW: Final = timedelta(days=7)
"""Rates are of this time."""
MEMORY: Final = timedelta(days=90)
"""What is rare, such as a second version, is looked for this far back."""
MOST_MS: Final = 5_000.0
FEWEST_CASES: Final = 100
FEWEST_RUNS: Final = 30
"""With fewer runs in the window, rates are not judged."""


@dataclass(frozen=True)
class Item:
    """One item of the checklist."""

    name: str
    verdict: Verdict
    evidence: str
    remedy: str
    """What to do; empty when it passed."""


@dataclass(frozen=True)
class Readiness:
    """The checklist of a service, or of all."""

    service: str | None
    checked_at: datetime
    items: tuple[Item, ...]

    @property
    def is_ready(self) -> bool:
        """Whether every item passed."""
        return all(item.verdict == "passed" for item in self.items)


@dataclass(frozen=True)
class Installed:
    """What the configuration says, which telemetry cannot."""

    alerts: int = 0
    channels: int = 0


@dataclass(frozen=True)
class _Seen:
    """What the checks look at."""

    facts: Mapping[str, Any]
    rates: Mapping[str, tuple[float | None, int]]
    cases: int
    busiest: tuple[datetime, int] | None
    deliveries: int
    drift_days: int
    installed: Installed
    has_lost_runs: bool
    """Retention has deleted runs of the window."""
    has_lost_cases: bool
    """Retention has deleted runs, and with them inputs, of what is looked back at."""


def check_readiness(store: Store, service: str | None, now: datetime, installed: Installed) -> Readiness:
    """Check a service (None: all of them together) against the production checklist.

    Raises:
        NotFound: No run names the service.
    """
    _check_known(store, service, now)
    seen = _look(store, service, now, installed)
    checks = (
        _check_cost, _check_users, _check_classes, _check_latency, _check_success, _check_tools, _check_complete,
        _check_alerts, _check_deliveries, _check_drift, _check_cases, _check_feedback, _check_escalation, _check_load,
        _check_rollback,
    )  # fmt: skip
    return Readiness(service, now, tuple(check(seen) for check in checks))


def _look(store: Store, service: str | None, now: datetime, installed: Installed) -> _Seen:
    where = {} if service is None else {"service": service}
    names = [
        "unpriced_share", "run_p95_ms", "success_rate", "tool_failure_rate", "satisfaction", "escalation_rate",
        "llm_call_count",
    ]  # fmt: skip
    rows = evaluate(store, names, now - WINDOW, now, where=where)
    rates = {row["metric"]: (row["value"], row["n"]) for row in rows.iter_rows(named=True)}
    escalated = evaluate(store, "escalation_rate", now - MEMORY, now, where=where).row(0, named=True)
    rates["escalation_rate"] = (escalated["numerator"], escalated["n"])
    services = ["*"] if service is None else [service]
    lately = {"since": now - WINDOW, "until": now, "services": services}
    long = lately | {"since": now - MEMORY}
    facts = store.select("reports/service_facts", lately).row(0, named=True)
    memory = store.select("reports/service_memory", long).row(0, named=True)
    first = memory["first_hour_at"]
    busiest = store.select("reports/busiest_hour", long)
    return _Seen(
        facts={**facts, "versions_seen": memory["versions_seen"]},
        rates=rates,
        cases=int(store.select("reports/evaluation_cases", long)["case_count"][0] or 0),
        busiest=None if busiest.is_empty() else busiest.row(0),
        deliveries=int(store.select("reports/deliveries", long)["deliveries"].sum() or 0),
        drift_days=0 if first is None else (now.replace(tzinfo=None) - first).days,
        installed=installed,
        has_lost_runs=_has_lost_runs(store, now - WINDOW, now),
        has_lost_cases=_has_lost_runs(store, now - MEMORY, now),
    )


def _check_known(store: Store, service: str | None, now: datetime) -> None:
    if service is None:
        return
    counts = evaluate(
        store, "run_count", now - MEMORY, now, where={"purpose": PURPOSES}, group_by=["service"]
    )
    known = sorted(counts["service"].drop_nulls())
    if service not in known:
        names = ", ".join(known) or "none"
        raise NotFound(f"no run of the last 90 days is of a service called {service!r}; there are {names}")


def _has_lost_runs(store: Store, first: datetime, until: datetime) -> bool:
    span = Span(first, until, until - first)
    return bool(read_standing(store, span).find_expired("run", span))


def _judge(name: str, is_good: bool | None, evidence: str, remedy: str) -> Item:
    if is_good is None:
        return Item(name, "unknown", evidence, remedy)
    return Item(name, "passed", evidence, "") if is_good else Item(name, "failed", evidence, remedy)


def _enough(seen: _Seen) -> bool:
    return int(seen.facts["runs_seen"] or 0) >= FEWEST_RUNS


def _say_runs(seen: _Seen) -> str:
    return "runs of 7 days (those that retention has left)" if seen.has_lost_runs else "runs of 7 days"


def _say_share(part: float, whole: int, of: str, what: str) -> str:
    """Return of how many it is so: `of` says of what, `what` what they do."""
    return f"{format_share(part / whole)} of {whole:,} {of} {what}" if whole else f"there were no {of}"


def _check_cost(seen: _Seen) -> Item:
    share, calls = seen.rates["unpriced_share"]
    return _judge(
        "Cost is tracked for each request",
        None if share is None else share <= 0.01,
        _say_share((1 - (share or 0)) * calls, calls, "model calls of 7 days", "have a price"),
        "send usage and model on every model span; `spanledger prices check` names models without a price",
    )


def _check_users(seen: _Seen) -> Item:
    runs, known = int(seen.facts["runs_seen"] or 0), int(seen.facts["with_user"] or 0)
    return _judge(
        "Cost is tracked for each user",
        known / runs >= 0.95 if _enough(seen) else None,
        _say_share(known, runs, _say_runs(seen), "name their user"),
        "set user.id on the agent's span or in its baggage",
    )


def _check_classes(seen: _Seen) -> Item:
    failed, known = int(seen.facts["failed_runs"] or 0), int(seen.facts["classified_runs"] or 0)
    return _judge(
        "Errors are classified",
        known / failed >= 0.9 if failed else None,
        _say_share(known, failed, f"failed {_say_runs(seen)}", "have a known class"),
        "set error.type on failing spans, or record the exception",
    )


def _check_latency(seen: _Seen) -> Item:
    value, runs = seen.rates["run_p95_ms"]
    return _judge(
        "Latency p95 is at most 5 s",
        None if value is None or runs < FEWEST_RUNS else value <= MOST_MS,
        "no run has a duration"
        if value is None
        else f"p95 is {value / 1e3:.2f} s over {runs:,} runs of 7 days",
        "look at the slowest runs and at model_time_share and tool_time_share; shorten, cache or parallelise",
    )


def _check_success(seen: _Seen) -> Item:
    value, runs = seen.rates["success_rate"]
    return _judge(
        "Success is measured and at least 90 %",
        None if value is None or runs < FEWEST_RUNS else value >= 0.9,
        "no run has an outcome"
        if value is None
        else f"{format_share(value)} of {runs:,} runs of 7 days succeeded",
        "set spanledger.outcome where the status does not tell; look at the classes of failures",
    )


def _check_tools(seen: _Seen) -> Item:
    value, calls = seen.rates["tool_failure_rate"]
    return _judge(
        "Tools fail in less than 5 % of their calls",
        None if value is None or calls < FEWEST_RUNS else value < 0.05,
        "no tool was called"
        if value is None
        else f"{format_share(value)} of {calls:,} tool calls of 7 days failed",
        "look at the tools page; add time-outs, retries or a breaker",
    )


def _check_complete(seen: _Seen) -> Item:
    runs, complete = int(seen.facts["runs_seen"] or 0), int(seen.facts["complete_runs"] or 0)
    return _judge(
        "Traces are complete",
        complete / runs >= 0.99 if _enough(seen) else None,
        _say_share(complete, runs, _say_runs(seen), "have their root span"),
        "flush the exporter before the process ends; do not sample below the root",
    )


def _check_alerts(seen: _Seen) -> Item:
    rules, channels = seen.installed.alerts, seen.installed.channels
    return _judge(
        "Alerts are configured",
        rules > 0 and channels > 0,
        f"{rules} rules and {channels} channels are configured",
        "add [[alert]] and [[channel]] to spanledger.toml; `spanledger alerts check-config` checks them",
    )


def _check_deliveries(seen: _Seen) -> Item:
    return _judge(
        "Alerts reach somebody",
        seen.deliveries > 0,
        f"{seen.deliveries:,} messages were delivered in 90 days",
        "send a test: `spanledger alerts test CHANNEL`; then let a rule fire once on purpose",
    )


def _check_drift(seen: _Seen) -> Item:
    return _judge(
        "There is history enough to notice drift",
        seen.drift_days >= 14,
        f"the first run is {seen.drift_days} days old",
        "wait for two weeks of traffic, or import earlier telemetry with `spanledger import`",
    )


def _check_cases(seen: _Seen) -> Item:
    return _judge(
        f"At least {FEWEST_CASES} evaluation cases exist",
        True if seen.cases >= FEWEST_CASES else None if seen.has_lost_cases else False,
        f"{seen.cases:,} different evaluation cases were seen in 90 days, those of imported suites for all services"
        + (", of which retention has deleted runs" if seen.has_lost_cases else ""),
        "export runs with `spanledger golden export`, and import results with `spanledger golden import`",
    )


def _check_feedback(seen: _Seen) -> Item:
    value, rated = seen.rates["satisfaction"]
    return _judge(
        "Users can say whether it helped",
        rated > 0,
        "no feedback in 7 days"
        if value is None
        else f"{rated:,} runs of 7 days have feedback, {format_share(value)} of it positive",
        "send spanledger.feedback (up or down) with the run",
    )


def _check_escalation(seen: _Seen) -> Item:
    count, _ = seen.rates["escalation_rate"]
    return _judge(
        "The way to a human has been seen to work",
        bool(count),
        f"{int(count or 0):,} runs of 90 days were handed to a human",
        "hand one over on purpose; set spanledger.outcome to escalated, or name the tool transfer_to_human",
    )


def _check_load(seen: _Seen) -> Item:
    if seen.busiest is None:
        return _judge("Load has been seen", None, "no run was seen", "send traffic, or replay a load test")
    at, runs = seen.busiest
    return _judge(
        "Load has been seen",
        True if runs >= 100 else None,
        f"the busiest hour had {runs:,} runs ({at:%Y-%m-%d %H:%M} UTC)",
        "replay a load test of the traffic you expect; mark it spanledger.purpose = test",
    )


def _check_rollback(seen: _Seen) -> Item:
    versions = int(seen.facts["versions_seen"] or 0)
    return _judge(
        "A version to roll back to is known",
        versions >= 2 if versions else None,
        f"{versions} versions of one agent were seen in 90 days",
        "set gen_ai.agent.version; keep the version before deployable",
    )
