"""Provider exports beside what was observed: each kind is read, and each difference has its reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.economics.exports import BillLine, read_export
from analytics.economics.reconciliation import family_of, reconcile
from store import Store
from store.errors import RejectedData
from tests.analytics.building import NOON, a_call

Write = Callable[..., None]
DAY = date(2026, 11, 2)
START = 1_793_577_600
OPENAI_COST = {
    "object": "page",
    "data": [
        {
            "start_time": START,
            "results": [
                {
                    "amount": {"value": 1.5, "currency": "usd"},
                    "line_item": "gpt-4o-2024-08-06, input",
                    "project_id": "p1",
                },
                {"amount": {"value": 0.5, "currency": "usd"}, "line_item": "gpt-4o-2024-08-06, output"},
                {"amount": {"value": 0.25, "currency": "usd"}, "line_item": None},
            ],
        }
    ],
}
OPENAI_USAGE = {
    "data": [
        {"start_time": START, "results": [{"model": "gpt-4o", "input_tokens": 1_000, "output_tokens": 100}]}
    ]
}
ANTHROPIC_COST = {
    "data": [
        {
            "starting_at": "2026-11-02T00:00:00Z",
            "results": [
                {
                    "amount": "123.45",
                    "currency": "USD",
                    "description": "Claude Sonnet 4.5 Usage - Input Tokens",
                }
            ],
        }
    ]
}
ANTHROPIC_USAGE = {
    "data": [
        {
            "starting_at": "2026-11-02T00:00:00Z",
            "results": [
                {
                    "model": "claude-sonnet-4-5",
                    "uncached_input_tokens": 10,
                    "cache_creation": {"ephemeral_1h_input_tokens": 5, "ephemeral_5m_input_tokens": 6},
                    "cache_read_input_tokens": 7,
                    "output_tokens": 8,
                }
            ],
        }
    ]
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(OPENAI_COST), [
            BillLine(DAY, "gpt-4o-2024-08-06", "p1", 1.5, None), BillLine(DAY, "gpt-4o-2024-08-06", None, 0.5, None),
            BillLine(DAY, None, None, 0.25, None)]),
        (json.dumps(OPENAI_USAGE), [BillLine(DAY, "gpt-4o", None, None, 1_100)]),
        (json.dumps(ANTHROPIC_COST), [BillLine(DAY, "Claude Sonnet 4.5", None, 1.2345, None)]),
        (json.dumps(ANTHROPIC_USAGE), [BillLine(DAY, "claude-sonnet-4-5", None, None, 36)]),
        ("date,model,cost_usd,tokens,project\n2026-11-02,gpt-4o,\"$1,234.5\",10,web\n",
         [BillLine(DAY, "gpt-4o", "web", 1234.5, 10)]),
        ("start_time_iso,amount_value,line_item\n2026-11-02T00:00:00+00:00,2,\"gpt-4o, input\"\n",
         [BillLine(DAY, "gpt-4o", None, 2.0, None)]),
    ],
)  # fmt: skip
def test_exports_of_every_kind_are_read(tmp_path: Path, text: str, expected: list[BillLine]) -> None:
    file = tmp_path / "export"
    file.write_text(text)
    assert read_export(file) == expected


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "{}", "[1]", "date,model,cost_usd\nsoon,x,1\n", '{"data": []}']
)
def test_what_is_no_export_says_what_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "export"
    file.write_text(text)
    with pytest.raises(RejectedData, match=r"no export that is known|has no lines"):
        read_export(file)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("Claude Sonnet 4.5", "claude-sonnet-4-5"),
        ("anthropic/claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4"),
        ("gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4-0613", "gpt-4"),
    ],
)
def test_models_are_compared_without_dates(name: str, family: str) -> None:
    assert family_of(name) == family


def seen(number: int, model: str, cost: str | None, **facts: Any) -> dict[str, Any]:
    status = "priced" if cost else "unpriced_model"
    usage = {"input_tokens": 1_000, "output_tokens": 0, "cost_status": status, **facts}
    price = None if cost is None else Decimal(cost)
    return a_call(f"s{number}", request_model=model, cost_usd=price, **usage)


def test_every_difference_has_its_reason(store: Store, write: Write) -> None:
    write(
        "llm_calls",
        seen(1, "equal", "1.00"),
        seen(2, "unknown", None),
        seen(3, "streamed", None, cost_status="no_usage", input_tokens=None),
        seen(4, "unbilled", "2.00"),
        seen(5, "cheaper", "2.00"),
        seen(6, "shifted", "5.00"),
        seen(7, "shifted", "1.00", started_at=NOON + timedelta(days=1)),
    )
    bill = [
        BillLine(DAY, "equal", None, 1.004, None),
        BillLine(DAY, "unknown", None, 3.0, None),
        BillLine(DAY, "streamed", None, 3.0, None),
        BillLine(DAY, "elsewhere", None, 3.0, None),
        BillLine(DAY, "cheaper", None, 1.6, 1_000),
        BillLine(DAY, "shifted", None, 4.0, None),
        BillLine(DAY + timedelta(days=1), "shifted", None, 2.0, None),
        BillLine(DAY, None, None, 0.5, None),
    ]
    found = reconcile(store, bill, ["openai"])
    assert {(row.day.day, row.model): row.why for row in found.rows} == {
        (2, "equal"): "equal",
        (2, "unknown"): "unpriced",
        (2, "streamed"): "no usage",
        (2, "elsewhere"): "not instrumented",
        (2, "unbilled"): "not billed",
        (2, "cheaper"): "price",
        (2, "shifted"): "time zone",
        (3, "shifted"): "time zone",
    }
    assert found.other_usd == 0.5
    assert found.observed_usd == pytest.approx(11.0)
