"""What the dashboard asks, over the rollups of ten and of a hundred million spans; a rollup job; a search."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import duckdb
import polars as pl

from analytics.jobs import JobContext
from analytics.metrics import distribution, evaluate, evaluate_beside, part, series, totals
from analytics.rollups import update_rollups
from analytics.search import search_messages
from benchmarks.figures import Figure
from store import Store, open_store
from store.figures import (
    SUBJECTS,
    compose_day_buckets,
    compose_days,
    compose_rollup,
    compose_rollup_buckets,
)
from store.queries import ComposedQuery

SPANS: Final = 10_000_000
SPANS_A_RUN: Final = 16
DAYS: Final = 30
END: Final = datetime(2026, 11, 20, tzinfo=UTC)
BEGIN: Final = END - timedelta(days=DAYS)
MESSAGES: Final = 1_000_000
NOW: Final = END - timedelta(hours=7, minutes=23)
"""Nobody asks at midnight: windows begin and end within a day and within an hour."""
TODAY: Final = NOW.replace(hour=0, minute=0)
ROUNDS: Final = 5

TILES: Final = (
    "run_count",
    "success_rate",
    "run_p95_ms",
    "cost_usd",
    "cost_per_resolution_usd",
    "tool_failure_rate",
)
Question = Callable[[], object]

_SHARED = """
    1 AS load_seq, md5(r.n::VARCHAR) AS trace_id, 'service-' || r.n % 5 AS service,
    ['production', 'staging'][1 + (hash(r.n, 9) % 4 = 0)::INT] AS environment,
    'tenant-' || hash(r.n, 8) % 200 AS tenant, 'agent-' || r.n % 20 AS agent,
    'v' || (($runs * ($copies - 1) + r.n) * 3 // ($runs * $copies)) AS agent_version, 'production' AS purpose,
    'prompt-' || r.n % 20 AS prompt_name,
    (($runs * ($copies - 1) + r.n) * 5 // ($runs * $copies))::VARCHAR AS prompt_version,
    'user-' || hash(r.n, 7) % 50000 AS user_id, 'session-' || r.n // 3 AS session_id,
    md5(r.n::VARCHAR) || '-0' AS run_id
"""
_AT = "$begin::TIMESTAMP + to_microseconds((r.n * ($days * 86400000000 // $runs))::BIGINT)"
_STATEMENTS = (
    f"""INSERT INTO ledger.runs BY NAME SELECT {_SHARED}, '0' AS root_span_id, true AS is_sole, {{at}} AS started_at,
    exp(7 + 2 * (hash(r.n, 1) % 1000) / 1000.0) AS duration_ms,
    CASE WHEN hash(r.n, 2) % 20 = 0 THEN 'failure' WHEN hash(r.n,
    2) % 20 = 1 THEN 'escalated' ELSE 'success' END AS outcome,
    CASE WHEN hash(r.n, 2) % 20 = 0 THEN ['timeout', 'rate_limit', 'tool_error'][1 + (hash(r.n,
    3) % 3)::INT] END AS failure_class,
    true AS complete, true AS has_answer, 15 AS steps, 10 AS llm_calls, 5 AS tool_calls, 0 AS tool_failures,
    0 AS retries,
    0 AS loops, 20000 AS input_tokens, 2000 AS output_tokens, (hash(r.n, 4) % 1000) / 10000.0 AS cost_usd,
    0 AS unpriced_calls
    FROM range($runs) AS r(n)""",
    f"""INSERT INTO ledger.llm_calls BY NAME SELECT {_SHARED}, 'c' || k.n AS span_id, {{at}} AS started_at,
    exp(6 + 2 * (hash(r.n, k.n) % 1000) / 1000.0) AS duration_ms, 200.0 + hash(r.n, k.n) % 500 AS ttft_ms,
    'openai' AS provider,
    'model-' || hash(r.n, k.n) % 8 AS response_model, 2000 AS input_tokens, 500 AS cache_read_tokens,
    200 AS output_tokens,
    ['stop', 'tool_call', 'length'][1 + (hash(r.n, k.n) % 3)::INT] AS finish_reason,
    CASE WHEN hash(r.n, k.n) % 100 = 0 THEN 'error' ELSE 'ok' END AS status, 'priced' AS cost_status,
    0.001 AS cost_usd
    FROM range($runs) AS r(n), range(10) AS k(n)""",
    f"""INSERT INTO ledger.tool_calls BY NAME SELECT {_SHARED}, 't' || k.n AS span_id, {{at}} AS started_at,
    exp(4 + 2 * (hash(r.n, k.n) % 1000) / 1000.0) AS duration_ms, 'tool-' || hash(r.n, k.n) % 30 AS tool,
    CASE WHEN hash(r.n, k.n) % 30 = 0 THEN 'error' ELSE 'ok' END AS status, 'no_usage' AS cost_status
    FROM range($runs) AS r(n), range(5) AS k(n)""",
)
_CASES = """INSERT INTO ledger.cases BY NAME SELECT r.session_id AS case_id, any_value(r.user_id) AS user_id,
    any_value(r.service) AS service, any_value(r.environment) AS environment, any_value(r.agent) AS agent,
    any_value(r.agent_version) AS agent_version, 'production' AS purpose, min(r.started_at) AS opened_at,
    max(r.started_at) + INTERVAL 1 HOUR AS closed_at, 'resolved_assumed' AS outcome, 1 AS sessions, count(*) AS runs,
    sum(r.cost_usd) AS cost_usd, 0 AS unpriced_calls FROM ledger.runs AS r GROUP BY r.session_id"""
# Versions change in the course of a month, three of agents and five of prompts, not of every day.
_COPY = """INSERT INTO ledger.{table} SELECT h.* REPLACE (
        h.hour_at - to_days(d.n) AS hour_at,
        'v' || (({days} - 1 - d.n) * 3 // {days}) AS agent_version,
        (({days} - 1 - d.n) * 5 // {days})::VARCHAR AS prompt_version)
    FROM ledger.{table} AS h, range(1, {days}) AS d(n) ORDER BY hour_at"""
_TEXTS = """INSERT INTO ledger.spans BY NAME SELECT 2 AS load_seq, $end AS received_at, md5(n::VARCHAR) AS trace_id,
    substr(md5('s' || n), 1, 16) AS span_id, 'service-1' AS service, 'agent-1' AS agent, 'chat' AS name,
    'llm' AS kind,
    'internal' AS otel_kind,
    $end - INTERVAL 1 DAY + to_microseconds((n * (86400000000 // $messages))::BIGINT) AS started_at,
    'ok' AS status, 'gen_ai.input.messages' AS input_key, false AS is_pending, n::UBIGINT AS content_hash,
    1 AS attribute_count, 1::UBIGINT AS resource_id,
    MAP {'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"where is my parcel '
    || md5(n::VARCHAR)
        || ' it should have come ' || md5((n + 1)::VARCHAR) || ' days ago"}]}]'} AS attributes
    FROM range($messages) AS r(n)"""


def measure_queries() -> list[Figure]:
    """Return how long the dashboard waits for its figures, and what a job and a search take."""
    runs = SPANS // SPANS_A_RUN
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        fill_month(path, runs)
        small = _measure(path)
        job = _time_rollup(path)
        exactness = _compare_p99(path)
        search = _time_search(path)
    with tempfile.TemporaryDirectory() as directory:
        # One day of a hundred million spans a month, added up by the jobs' own SQL; the days before are copies of it.
        path = Path(directory)
        _fill(path, 10 * runs // DAYS, 1, copies=DAYS)
        large = _measure(path)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        fill_month(path, runs // 10)
        job_before = _time_rollup(path)
    return [
        Figure("dashboard query p95, rollups of 10 M spans", small["p95"], "ms", at_most=100),
        Figure("dashboard query p95, rollups of 100 M spans", large["p95"], "ms", "10 M spans", small["p95"],
               at_most=1.5),
        Figure("six tiles of overview beside two other windows, 10 M spans", small["page"], "ms"),
        Figure("six tiles of overview beside two other windows, 100 M spans", large["page"], "ms", "10 M spans",
               small["page"], at_most=1.5),
        Figure("the slowest dashboard query, rollups of 100 M spans", large["worst"], "ms", "10 M spans",
               small["worst"], at_most=1.5),
        Figure("adding up a day of model calls, 100 M spans", large["day"], "ms", "10 M spans", small["day"]),
        Figure("by user, from narrow tables of 10 M spans", small["narrow"], "ms"),
        Figure("rolling up one hour, 10 M spans", job, "ms", "1 M spans", job_before, at_most=1.5),
        Figure("p99 from buckets, off the exact one", exactness, "%", at_most=1.0),
        Figure("search in a million messages of a day", search, "s", at_most=2.0),
    ]  # fmt: skip


def fill_month(path: Path, runs: int) -> None:
    """Write a month of runs and calls, and roll it up as the jobs do."""
    _fill(path, runs, DAYS)


def _fill(path: Path, runs: int, days: int, *, copies: int = 1) -> None:
    """Write days of runs and calls up to END, roll them up as the jobs do, and copy the rollups into days before."""
    open_store(path).close()
    statements = [text.replace("{at}", _AT) for text in _STATEMENTS]
    begin, end = (moment.replace(tzinfo=None) for moment in (END - timedelta(days=days), END))
    hours = pl.DataFrame({"hour_at": [begin + timedelta(hours=n) for n in range(days * 24 + 2)]})
    all_days = pl.DataFrame({"day_at": [end - timedelta(days=n) for n in range(days * copies + 1)]})
    subjects = [it.name for it in SUBJECTS.values() if it.is_rolled_up]
    with duckdb.connect(str(path / "spanledger.duckdb")) as connection:
        for text in statements:
            connection.execute(text, {"runs": runs, "days": days, "begin": begin, "copies": copies})
        connection.execute(_CASES)
        connection.register("hours", hours.to_arrow())
        connection.register("days", all_days.to_arrow())
        for subject in subjects:
            window = {"first": begin, "until": end + timedelta(hours=2)}
            _insert(connection, "hourly", compose_rollup(subject), window, "hour_at")
            _insert(connection, "hourly_buckets", compose_rollup_buckets(subject), window, "hour_at")
        for table in ("hourly", "hourly_buckets") if copies > 1 else ():
            connection.execute(_COPY.format(table=table, days=copies))
        for subject in subjects:
            window = {"first": begin - timedelta(days=copies), "until": TODAY.replace(tzinfo=None)}
            _insert(connection, "daily", compose_days(subject), window, "day_at")
            _insert(connection, "daily_buckets", compose_day_buckets(subject), window, "day_at")
            connection.execute(
                "INSERT INTO ledger.touched_days VALUES ($1, $2)", [subject, TODAY.replace(tzinfo=None)]
            )
        connection.execute("CHECKPOINT")


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    query: ComposedQuery | None,
    window: dict[str, datetime],
    at: str,
) -> None:
    if query is not None:
        connection.execute(f"INSERT INTO ledger.{table} BY NAME {query.sql} ORDER BY {at}", window)


class _Watched:
    """A store that notes how long each query takes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.times: list[float] = []

    def select(self, *arguments: Any, **options: Any) -> pl.DataFrame:
        begun = time.perf_counter()
        try:
            return self._store.select(*arguments, **options)
        finally:
            self.times.append(time.perf_counter() - begun)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def _measure(path: Path) -> dict[str, float]:
    """Milliseconds of single queries (medians of some), of the tiles of overview together, and of one by user."""
    store = open_store(path)
    watched = _Watched(store)
    try:
        times: list[float] = []
        for question in _questions(cast("Store", watched)):
            rounds: list[list[float]] = []
            for _ in range(ROUNDS):
                watched.times = []
                question()
                rounds.append(sorted(watched.times))
            times += [statistics.median(of_one) for of_one in zip(*rounds, strict=True)]
        week = (NOW - timedelta(days=7), NOW)
        day = TODAY.replace(tzinfo=None) - timedelta(days=1)
        frames = {"days": pl.DataFrame({"day_at": [day]}, schema={"day_at": pl.Datetime("us")})}
        bounds = {"first": day, "until": day + timedelta(days=1)}
        buckets = compose_day_buckets("llm_call")
        assert buckets is not None
        page = min(_time(lambda: evaluate_beside(store, TILES, *week)) for _ in range(ROUNDS))
        narrow = _time(lambda: evaluate(store, "cost_per_run_usd", *week, group_by=["user_id"]))
        return {
            "p95": statistics.quantiles(times, n=20)[-1] * 1e3,
            "worst": max(times) * 1e3,
            "day": min(_time(partial(store.select, buckets, bounds, frames)) for _ in range(3)) * 1e3,
            "page": page * 1e3,
            "narrow": narrow * 1e3,
        }
    finally:
        store.close()


def _questions(store: Store) -> list[Question]:
    """The reads of overview, tools, models and a filtered page, over a day, a week and a month."""
    return [
        question
        for days, step_h in ((1, 1), (7, 6), (30, 24))
        for question in _questions_of(store, days, step_h)
    ]


def _questions_of(store: Store, days: int, step_h: int) -> list[Question]:
    begin, every = NOW - timedelta(days=days), timedelta(hours=step_h)
    agents = {"agent": ["agent-3", "agent-4"]}
    tools = ["tool_call_count", "tool_failure_rate", "tool_p95_ms"]
    models = ["llm_call_count", "llm_error_rate", "llm_p95_ms", "cost_usd"]
    latency = ["run_p50_ms", "run_p95_ms", "run_p99_ms"]
    return [
        lambda: evaluate_beside(store, TILES, begin, NOW),
        lambda: evaluate_beside(store, TILES, begin, NOW, where=agents),
        lambda: evaluate(store, tools, begin, NOW, group_by=["tool"]),
        lambda: evaluate(store, models, begin, NOW, group_by=["model"]),
        lambda: series(store, latency, begin, NOW, every),
        lambda: totals(store, {"runs": part("run")}, begin, NOW, every, group_by=["outcome"]),
        lambda: totals(store, {"usd": part("llm_call", "cost_usd")}, begin, NOW, every, group_by=["model"]),
        lambda: distribution(store, part("run"), "duration_ms", begin, NOW, every),
    ]


def _time(question: Question) -> float:
    begun = time.perf_counter()
    question()
    return time.perf_counter() - begun


def _time_rollup(path: Path) -> float:
    """CPU milliseconds for one touched hour with as many runs as another: the history before it is what differs."""
    store = open_store(path)
    hour = END.replace(tzinfo=None) + timedelta(hours=1)
    try:
        rows = store.query("SELECT * FROM runs LIMIT 500").num_rows
        runs = pl.DataFrame(
            {
                "load_seq": 3, "run_id": [f"new-{n}" for n in range(rows)], "trace_id": "new", "root_span_id": "1",
                "is_sole": True, "purpose": "production", "started_at": hour, "duration_ms": 5.0,
    "outcome": "success",
                "complete": True, "steps": 1, "llm_calls": 1, "tool_calls": 0, "tool_failures": 0, "retries": 0,
                "loops": 0, "unpriced_calls": 0,
            }
        )  # fmt: skip
        store.replace(appends={"runs": runs})
        times: list[float] = []
        for _ in range(ROUNDS):
            touched = pl.DataFrame({"load_seq": [3], "subject": ["run"], "hour_at": [hour]})
            store.replace(appends={"touched_hours": touched})
            begun = time.process_time()
            update_rollups(JobContext(store, lambda: END))
            times.append(time.process_time() - begun)
        return statistics.median(times) * 1e3
    finally:
        store.close()


def _compare_p99(path: Path) -> float:
    """By how many percent the worst p99 of an agent differs from the exact nearest-rank one."""
    store = open_store(path)
    try:
        found = evaluate(store, "run_p99_ms", BEGIN, END - timedelta(hours=2), group_by=["agent"])
    finally:
        store.close()
    with duckdb.connect(str(path / "spanledger.duckdb")) as connection:
        exact = dict(
            connection.execute(
                "SELECT agent, quantile_disc(duration_ms, "
                "0.99) FROM ledger.runs WHERE started_at < $1 GROUP BY agent",
                [END.replace(tzinfo=None) - timedelta(hours=2)],
            ).fetchall()
        )
    return max(
        abs(value / exact[agent] - 1) * 100 for agent, value in found.select("agent", "value").iter_rows()
    )


def _time_search(path: Path) -> float:
    with duckdb.connect(str(path / "spanledger.duckdb")) as connection:
        connection.execute(_TEXTS, {"end": END.replace(tzinfo=None), "messages": MESSAGES})
        connection.execute("CHECKPOINT")
    store = open_store(path)
    try:
        window = (END - timedelta(days=1), END)
        rare = [_time(lambda: search_messages(store, "nobody said this", *window)) for _ in range(3)]
        return statistics.median(rare)
    finally:
        store.close()
