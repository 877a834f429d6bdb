"""Content that a framework sends as log records is seen on the span it belongs to."""

from __future__ import annotations

import msgspec
import polars as pl
import pytest
import zstandard

from collector.loader import load_bodies
from collector.log import Body, body_sha256
from store import Store
from store.engines.parameters import to_polars
from tests.analytics.facts.building import open_ledger
from tests.collector.building import NOW
from tests.collector.dialects.building import CORPUS

BY_EVENTS = {
    "adk_genai_double": 0,
    "ms_agent_framework": 0,
    "openai_v2_content": 1,
    "openai_v2_old_content": 1,
    "otel_instr_openai_pb": 1,
    "pydantic_ai_1_0_v1events": 2,
    "tl_openai_events": 5,
}
"""Captures with messages in log records, and how many of their answers came without any content."""


def bodies_of(name: str) -> list[Body]:
    bodies: list[Body] = []
    for path in sorted((CORPUS / name).glob("*.zst")):
        signal = path.name.split(".")[0].split("_")[-1].split("-")[-1]
        if signal in ("traces", "logs") and ".pb" in path.name:
            data = zstandard.ZstdDecompressor().decompress(path.read_bytes())
            bodies.append(
                Body(
                    signal,
                    "protobuf",
                    "identity",
                    NOW,
                    body_sha256(signal, "protobuf", "identity", data),
                    data,
                )
            )
    return bodies


def messages_of(store: Store) -> pl.DataFrame:
    return to_polars(store.query("SELECT * FROM messages ORDER BY trace_id, span_id, direction, position"))


@pytest.mark.parametrize("name", BY_EVENTS)
def test_every_answered_call_shows_what_was_asked_and_answered(name: str) -> None:
    bodies = bodies_of(name)
    with open_ledger() as ledger:
        # Logs are exported more often than spans: let them come first, in a load of their own.
        for signal in ("logs", "traces"):
            load_bodies(ledger.store, [body for body in bodies if body.signal == signal], is_import=False)
        ledger.now = NOW
        ledger.count()
        calls = to_polars(
            ledger.store.query(
                "SELECT trace_id, span_id FROM llm_calls WHERE output_tokens > 0 AND operation <> 'embeddings'"
            )
        )
        messages = messages_of(ledger.store)
        told = messages.select("trace_id", "span_id", "direction").unique()
        for direction in ("input", "output"):
            silent = calls.join(
                told.filter(pl.col("direction") == direction), on=["trace_id", "span_id"], how="anti"
            )
            assert silent.height == (BY_EVENTS[name] if direction == "output" else 0), direction
        assert set(messages["role"]) <= {"system", "user", "assistant", "tool"}
        assert messages["content"].null_count() == 0
        call = calls.row(0, named=True)
        span = ledger.store.select("traces/span", call).row(0, named=True)
        sent = {pair["key"]: pair["value"] for pair in span["attributes"]}
        shown = msgspec.json.decode(span["input_messages"] or sent["gen_ai.input.messages"])
        own = messages.filter(pl.col("span_id") == call["span_id"], pl.col("direction") == "input")
        assert [message["role"] for message in shown for _ in message["parts"]] == own["role"].to_list()
