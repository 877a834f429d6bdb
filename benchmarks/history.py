"""A database with millions of spans in it, written by SQL: the history that queries have to go through."""

from __future__ import annotations

from pathlib import Path

import duckdb

from spanledger.layout import make_data_dir
from store import open_store

_SPANS_A_LOAD = 10_000

_INSERT = f"""
INSERT INTO ledger.spans BY NAME
SELECT
    1 + n // {_SPANS_A_LOAD} AS load_seq,
    now()::TIMESTAMP - INTERVAL 30 DAY + to_microseconds(n * (28 * 86_400_000_000 // $spans)) AS received_at,
    md5((n // 16)::VARCHAR) AS trace_id,
    substr(md5('span' || n), 1, 16) AS span_id,
    CASE WHEN n % 16 > 0 THEN substr(md5('span' || (n - n % 16)), 1, 16) END AS parent_span_id,
    'service-' || n // 16 % 5 AS service,
    ['production', 'production', 'staging'][1 + n // 16 % 3] AS environment,
    'agent-' || n // 16 % 20 AS agent,
    (n // 1_000_000)::VARCHAR AS agent_version,
    'otel' AS dialect,
    'span ' || n % 16 AS name,
    CASE WHEN n % 16 = 0 THEN 'agent' WHEN n % 3 = 0 THEN 'tool' ELSE 'llm' END AS kind,
    'internal' AS otel_kind,
    received_at AS started_at,
    received_at + to_microseconds((hash(n) % 9_000_000)::BIGINT) AS ended_at,
    (hash(n) % 9_000_000) / 1000.0 AS duration_ms,
    CASE WHEN hash(n, 1) % 50 = 0 THEN 'error' ELSE 'ok' END AS status,
    'conversation-' || n // 64 AS session_id,
    'user-' || hash(n // 16) % 50_000 AS user_id,
    CASE WHEN kind = 'llm' THEN 'model-' || hash(n, 2) % 8 END AS response_model,
    CASE WHEN kind = 'llm' THEN (hash(n, 3) % 9000)::BIGINT END AS input_tokens,
    CASE WHEN kind = 'llm' THEN (hash(n, 4) % 900)::BIGINT END AS output_tokens,
    CASE WHEN kind = 'tool' THEN 'tool-' || hash(n, 5) % 30 END AS tool,
    false AS is_pending,
    hash(n) AS content_hash,
    20 AS attribute_count,
    1 AS resource_id
FROM range($spans) AS r(n)
"""


def write_history(directory: Path, spans: int) -> None:
    """Fill the `spans` of a new data directory with counted rows, four weeks of them that ended two days ago."""
    data_dir = make_data_dir(directory / "data")
    open_store(data_dir).close()
    loads = spans // _SPANS_A_LOAD + 1
    with duckdb.connect(str(data_dir / "spanledger.duckdb")) as connection:
        connection.execute(_INSERT, {"spans": spans})
        connection.execute(
            "INSERT INTO ledger.load_positions (load_seq, batch_id) "
            "SELECT n, 'history:' || n FROM range(1, $1) AS r(n)",
            [loads + 1],
        )
        connection.execute("DELETE FROM ledger.watermarks WHERE job = 'facts'")
        connection.execute("INSERT INTO ledger.watermarks VALUES ('facts', $1, now()::TIMESTAMP)", [loads])
