"""Known events: found in the data, and tested from where they happened, within the one error budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analytics.drift.bank import TRAINING_HOURS
from analytics.drift.catalogue import Catalogue, Series
from analytics.drift.markers import ANCHOR_SHARE, MOST_SETTINGS, anchor, find_markers
from analytics.drift.panel import ANCHOR_ODDS, Panel
from analytics.drift.seasons import hour_number
from store import Store, open_store

MONDAY = datetime(2026, 11, 16, tzinfo=UTC).replace(tzinfo=None)
WHOSE = {"service": "helpdesk", "environment": "production", "agent": "support"}
MODEL = "openai/gpt-x"


def rollup(at: datetime, **more: object) -> dict[str, object]:
    return {"hour_at": at, "purpose": "production", "events": 5, "unpriced_calls": 0, **WHOSE, **more}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = open_store(tmp_path)
    hours = [MONDAY - timedelta(hours=hours) for hours in range(24 * 20, -24, -6)]
    changed = MONDAY + timedelta(hours=6)
    rows = [
        rollup(at, subject="run", outcome="success", agent_version="v8" if at >= changed else "v7")
        for at in hours
    ]
    rows += [rollup(at, subject="llm_call", model="gpt-x", provider="openai", outcome="ok") for at in hours]
    rows += [rollup(at, subject="tool_call", tool="crm", outcome="ok") for at in hours]
    rows += [rollup(changed, subject="tool_call", tool="sql", outcome="ok")]
    opened.replace(appends={"hourly": pl.DataFrame(rows, infer_schema_length=None)})
    opened.replace(appends={"llm_calls": calls(hours)})
    for version, made_at, price in (
        (1, MONDAY - timedelta(days=90), 3e-6),
        (2, MONDAY + timedelta(hours=9), 2.5e-6),
    ):
        opened.replace(appends=price_book(version, made_at, price))
    yield opened
    opened.close()


def calls(hours: list[datetime]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "load_seq": 1, "trace_id": f"{n:032x}", "span_id": f"{n:016x}", "purpose": "production",
                "price_model": MODEL, "started_at": at, "status": "ok", "cost_status": "priced", **WHOSE,
            }
            for n, at in enumerate(hours)
        ]
    )  # fmt: skip


def price_book(version: int, made_at: datetime, price: float) -> dict[str, pl.DataFrame]:
    prices = {
        "price_model": MODEL, "provider": "openai", "model": "gpt-x", "tier_from_tokens": 0, "input": price,
        "output": 1e-5, "source": "test", "cost_version": version,
    }  # fmt: skip
    book = {
        "cost_version": version, "book_version": version, "kind": "book", "made_at": made_at, "author": "ann",
        "reason": "new contract", "fingerprint": str(version), "calls": 0,
    }  # fmt: skip
    return {"prices": pl.DataFrame([prices]), "cost_versions": pl.DataFrame([book])}


def test_versions_tools_and_prices_are_found_by_themselves(store: Store) -> None:
    first = hour_number(MONDAY)
    found = find_markers(store, first, first + 24).select("marked_at", "kind", "agent", "label").rows()
    assert found == [
        (MONDAY + timedelta(hours=6), "agent_version", "support", "v8"),
        (MONDAY + timedelta(hours=6), "configuration", "support", "tool sql"),
        (MONDAY + timedelta(hours=9), "price", "support", f"{MODEL}: input 3 to 2.5 USD a million"),
    ]


def runs_with(tiers: list[str | None], hours: list[datetime]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "load_seq": 1, "run_id": f"r{n}", "trace_id": f"{n:032x}", "root_span_id": "1", "is_sole": True,
                "purpose": "production", "started_at": at + timedelta(minutes=20), "outcome": "success",
                "complete": True, "steps": 1, "llm_calls": 1, "tool_calls": 0, "tool_failures": 0, "retries": 0,
                "loops": 0, "unpriced_calls": 0, **WHOSE,
                "dimensions": [{"key": "plan.tier", "value": tier}] if tier else [],
            }
            for n, (tier, at) in enumerate(zip(tiers, hours, strict=True))
        ]
    )  # fmt: skip


def test_a_new_value_of_a_declared_dimension_is_a_known_event(store: Store) -> None:
    hours = [MONDAY - timedelta(days=9), MONDAY + timedelta(hours=4), MONDAY + timedelta(hours=2),
             MONDAY + timedelta(hours=8), MONDAY + timedelta(hours=3)]  # fmt: skip
    store.replace(appends={"runs": runs_with(["free", "free", "gold", "gold", None], hours)})
    first = hour_number(MONDAY)

    def settings(*dimensions: str) -> list[tuple[object, ...]]:
        found = find_markers(store, first, first + 24, dimensions)
        return (
            found.filter(pl.col("label").str.starts_with("plan.")).select("marked_at", "kind", "label").rows()
        )

    assert settings("plan.tier") == [
        (MONDAY - timedelta(days=9), "configuration", "plan.tier free"),
        (MONDAY + timedelta(hours=2), "configuration", "plan.tier gold"),
    ]
    assert settings() == settings("plan.other") == []


def test_a_dimension_of_many_values_is_an_id_and_no_event(store: Store) -> None:
    hours = [MONDAY + timedelta(minutes=n) for n in range(MOST_SETTINGS + 1)]
    store.replace(appends={"runs": runs_with([f"t{n}" for n in range(MOST_SETTINGS + 1)], hours)})
    first = hour_number(MONDAY)
    found = find_markers(store, first, first + 24, ["plan.tier"])
    assert not found["label"].str.starts_with("plan.").any()


def test_a_price_makes_only_costs_suspect_and_events_share_what_they_may_spend(store: Store) -> None:
    catalogue = Catalogue()
    for metric in ("run_ms", "run_cost_usd"):
        catalogue.row_of(Series("value", metric, WHOSE))
    panel, first = Panel("value"), hour_number(MONDAY)
    panel.resize(2)
    anchor({"value": panel}, catalogue, find_markers(store, first, first + 24), first)
    month = ANCHOR_SHARE * TRAINING_HOURS
    assert panel.anchors == {first + 6: {0: month, 1: month}, first + 9: {1: ANCHOR_SHARE * 3}}


def a_rate(dice: np.random.Generator, first: int, hours: int, rates: np.ndarray) -> tuple[np.ndarray, ...]:
    at = np.repeat(first + np.arange(hours), 2)
    seen = dice.poisson(60, hours)
    failed = dice.binomial(seen, rates)
    counts = np.stack([seen - failed, failed], axis=1).ravel().astype(np.float64)
    return at, np.tile([0, 1], hours), counts


def test_a_change_at_a_known_event_is_told_earlier_and_an_event_without_one_is_not() -> None:
    from analytics.drift.panel import sort_events

    dice, series, days = np.random.default_rng(9), 40, 30
    start = hour_number(datetime(2026, 3, 2, tzinfo=UTC))
    first, hours = start - TRAINING_HOURS, TRAINING_HOURS + days * 24
    fault = start + 24 * 20
    parts: list[tuple[np.ndarray, ...]] = []
    for row in range(series):
        rates = np.where((np.arange(hours) + first >= fault) & (row < series // 2), 0.075, 0.04)
        at, symbols, counts = a_rate(dice, first, hours, rates)
        parts.append((np.full(at.size, row), at, symbols, counts))
    events = sort_events(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    told: dict[bool, dict[int, int]] = {}
    for is_known in (False, True):
        panel = Panel("rate")
        panel.resize(series)
        if is_known:
            assert panel.threshold / ANCHOR_ODDS < ANCHOR_SHARE * TRAINING_HOURS
            panel.anchors[fault] = dict.fromkeys(range(series), ANCHOR_SHARE * TRAINING_HOURS)
        told[is_known] = {}
        for alarm in panel.replay(events, start, start + days * 24, learn_first=True):
            if alarm.hour >= fault:
                told[is_known].setdefault(alarm.row, alarm.hour - fault)
    changed = range(series // 2)
    delays = {known: np.mean([of.get(row, 240) for row in changed]) for known, of in told.items()}
    assert delays[True] < 0.8 * delays[False]
    assert sum(row >= series // 2 for row in told[True]) <= 2
