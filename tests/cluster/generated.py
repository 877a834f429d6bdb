"""Rows for every table, the same on every run, whose keys refer to each other."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl

from store import terms
from store.schema.catalogue import Column, Relation, read_tables

START = datetime(2026, 11, 1, 8, 15, tzinfo=UTC).replace(tzinfo=None)
TRACES = [f"{number:032x}" for number in range(1, 41)]
SPANS_PER_TRACE = 6
MODELS = ["gpt-5", "claude-sonnet-5", None]
SERVICES = ["support", "sales", None]
AGENTS = ["triage", "refunds", None]
TOOLS = ["lookup", "refund", None]
MESSAGES = [
    json.dumps([{"role": "user", "parts": [{"type": "text", "content": 'Wo ist "mein" Paket? ä€😀'}]}]),
    json.dumps(
        [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        ]
    ),
    json.dumps(
        [{"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": {"a": [1, 2]}}]}]
    ),
    json.dumps({"role": "tool", "parts": [{"type": "tool_call_response", "response": "42"}]}),
    '[1, null, "x", {"parts": []}]',
    "{broken",
    "",
]

Row = dict[str, object]


def generate_tables(seed: int = 7) -> dict[str, pl.DataFrame]:
    """Return a frame of rows for every table of the schema."""
    dice = random.Random(seed)
    return {
        name: _generate_table(table, dice)
        for name, table in read_tables().items()
        if name != "schema_versions"
    }


def _generate_table(table: Relation, dice: random.Random) -> pl.DataFrame:
    keys = _KEYS.get(table.name, _number_rows)(dice)
    rows = [{column.name: _choose(column, key, dice) for column in table.columns} | key for key in keys]
    for row in rows:
        _tidy(table.name, row)
    schema = {column.name: DTYPES[column.type] for column in table.columns}
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema, orient="row")


def _number_rows(dice: random.Random) -> list[Row]:
    return [{} for _ in range(60)]


def _number_key(name: str, *, text: bool = False) -> list[Row]:
    return [{name: f"{name} {number}" if text else number} for number in range(20)]


def _span_keys(dice: random.Random) -> list[Row]:
    return [
        {
            "trace_id": trace,
            "span_id": _name_span(trace, number),
            "parent_span_id": None if number == 0 else _name_span(trace, (number - 1) // 2),
        }
        for trace in TRACES
        for number in range(SPANS_PER_TRACE)
    ]


def _call_keys(dice: random.Random) -> list[Row]:
    return [
        {name: row[name] for name in ("trace_id", "span_id")}
        | {"run_id": dice.choice([_name_run(str(row["trace_id"])), None])}
        for row in _span_keys(dice)
        if dice.random() < 0.5
    ]


def _run_keys(dice: random.Random) -> list[Row]:
    return [
        {
            "trace_id": trace,
            "run_id": _name_run(trace),
            "root_span_id": _name_span(trace, 0),
            "is_sole": position % 5 != 0,
            "session_id": dice.choice([f"session{position // 3}", None]),
        }
        for position, trace in enumerate(TRACES)
    ]


def _run_span_keys(dice: random.Random) -> list[Row]:
    return [
        {"trace_id": trace, "span_id": _name_span(trace, number), "run_id": _name_run(trace)}
        for trace in TRACES[::5]
        for number in range(SPANS_PER_TRACE - 1)
    ]


def _session_keys(dice: random.Random) -> list[Row]:
    return [
        {
            "session_id": f"session{number}",
            "conversation_id": f"session{number}",
            "case_id": f"case{number // 2}",
        }
        for number in range(14)
    ]


def _alias_keys(dice: random.Random) -> list[Row]:
    return [
        {"old_run_id": f"{trace}-old", "run_id": _name_run(trace), "trace_id": trace} for trace in TRACES[:7]
    ]


_KEYS: dict[str, Callable[[random.Random], list[Row]]] = {
    "expired_runs": lambda dice: [{"conversation_id": f"session{n}", "expired_load": n} for n in range(20)],
    "spans": _span_keys,
    "llm_calls": _call_keys,
    "tool_calls": _call_keys,
    "runs": _run_keys,
    "run_spans": _run_span_keys,
    "run_aliases": _alias_keys,
    "sessions": _session_keys,
    "cases": lambda dice: [{"case_id": f"case{number}"} for number in range(7)],
    "resources": lambda dice: [{"resource_id": number} for number in range(5)],
    "alerts": lambda dice: _number_key("fingerprint", text=True),
    "alert_events": lambda dice: _number_key("event_id"),
    "audit": lambda dice: _number_key("audit_id"),
    "budgets": lambda dice: _number_key("fingerprint", text=True),
    "drift_alarms": lambda dice: _number_key("alarm_id", text=True),
    "drift_decisions": lambda dice: [
        {"decision_id": key["alarm_id"], **key} for key in _number_key("alarm_id", text=True)
    ],
    "drift_states": lambda dice: _number_key("series", text=True),
    "notifications": lambda dice: _number_key("notification_id"),
    "silences": lambda dice: _number_key("silence_id"),
    "watermarks": lambda dice: [{"job": job} for job in ("facts", "sessions", "rollups")],
    "load_positions": lambda dice: [
        {"load_seq": number, "batch_id": f"batch{number}"} for number in range(1, 10)
    ],
    "ingest_stats": lambda dice: [
        {"load_seq": number, "loaded_at": START + timedelta(hours=number), "signal": signal}
        for number in range(1, 10)
        for signal in terms.SIGNALS
    ],
}


def _name_span(trace: str, number: int) -> str:
    return f"{int(trace, 16) * 16 + number:016x}"


def _name_run(trace: str) -> str:
    return f"{trace}-{_name_span(trace, 0)}"


def _choose(column: Column, key: Row, dice: random.Random) -> object:
    if column.name in key:
        return None
    if column.name in _POOLS:
        value = dice.choice(_POOLS[column.name])
        return column.name if value is None and column.not_null else value
    if not column.not_null and dice.random() < 0.2 and not column.type.startswith("MAP"):
        return None
    return _BY_TYPE[column.type](column, dice)


_POOLS: dict[str, list[object]] = {
    "expired_load": [None],
    "trace_id": [*TRACES],
    "service": [*SERVICES],
    "environment": ["prod", None],
    "tenant": ["acme", None],
    "agent": [*AGENTS],
    "agent_version": ["1", "2"],
    "purpose": ["production", "production", "test"],
    "kind": [*terms.KINDS],
    "status": [*terms.STATUSES],
    "subject": ["run", "llm_call", "tool_call", "case"],
    "measure": ["duration_ms", "ttft_ms", "cost_usd"],
    "outcome": ["success", "failure", "resolved_confirmed", None],
    "failure_class": ["timeout", None],
    "cost_status": [*terms.COST_STATUSES],
    "model": [*MODELS],
    "request_model": [*MODELS],
    "response_model": [*MODELS],
    "tool": [*TOOLS],
    "user_id": ["ann", "bob", None],
    "session_id": ["session1", "session2", None],
    "run_id": [_name_run(trace) for trace in TRACES],
    "response_id": ["r1", "r2", None],
    "scope_name": ["a", "b"],
    "target": ["run", "span", "session"],
    "target_id": ["session1", "session2", _name_run(TRACES[0])],
    "source": ["user", "evaluator"],
    "state": ["firing", "resolved"],
    "input_key": ["gen_ai.input.messages", None],
    "output_key": ["gen_ai.output.messages", None],
    "input_messages": [None, *MESSAGES],
    "output_messages": [None, *MESSAGES],
    "resource_id": [0, 1, 2],
    "load_seq": [*range(1, 10)],
    "bucket": [-32768, 0, 350, 351],
}


def _choose_time(column: Column, dice: random.Random) -> object:
    moment = START + timedelta(microseconds=dice.randrange(3 * 86_400 * 1_000_000))
    return moment.replace(minute=0, second=0, microsecond=0) if column.name == "hour_at" else moment


def _choose_map(column: Column, dice: random.Random) -> object:
    pairs: list[dict[str, object]] = [{"key": "a", "value": "1"}]
    if column.name == "attributes":
        pairs += [
            {"key": f"gen_ai.{direction}.messages", "value": dice.choice(MESSAGES)}
            for direction in ("input", "output")
            if dice.random() < 0.7
        ]
    return pairs


_BY_TYPE: dict[str, Callable[[Column, random.Random], object]] = {
    "VARCHAR": lambda column, dice: f"{column.name} {dice.randrange(4)}",
    "BIGINT": lambda column, dice: dice.randrange(1000),
    "UBIGINT": lambda column, dice: dice.randrange(2**63, 2**64),
    "DOUBLE": lambda column, dice: round(dice.uniform(0, 100), 3),
    "BOOLEAN": lambda column, dice: dice.random() < 0.5,
    "TIMESTAMP": _choose_time,
    "DECIMAL(18, 12)": lambda column, dice: Decimal(dice.randrange(10**12)).scaleb(-12),
    "DECIMAL(38, 12)": lambda column, dice: Decimal(dice.randrange(10**13)).scaleb(-12),
    "MAP(VARCHAR, VARCHAR)": _choose_map,
    "MAP(VARCHAR, DOUBLE)": lambda column, dice: [{"key": "pages", "value": 1.5}],
}

DTYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "VARCHAR": pl.String,
    "BIGINT": pl.Int64,
    "UBIGINT": pl.UInt64,
    "DOUBLE": pl.Float64,
    "BOOLEAN": pl.Boolean,
    "TIMESTAMP": pl.Datetime("us"),
    "DECIMAL(18, 12)": pl.Decimal(18, 12),
    "DECIMAL(38, 12)": pl.Decimal(38, 12),
    "MAP(VARCHAR, VARCHAR)": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
    "MAP(VARCHAR, DOUBLE)": pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})),
}


def _tidy(table: str, row: Row) -> None:
    """Make what is one value in two columns agree, and times of one row follow each other."""
    started, ended = row.get("started_at"), row.get("ended_at")
    if isinstance(started, datetime) and isinstance(ended, datetime) and ended < started:
        row["ended_at"] = started + timedelta(seconds=5)
    if table == "scores" and row["target"] == "session":
        row["target_id"] = "session1"
