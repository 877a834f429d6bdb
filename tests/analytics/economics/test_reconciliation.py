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
                },
                {
                    "amount": "10",
                    "currency": "USD",
                    "description": "Web Search Usage",
                    "cost_type": "web_search",
                },
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
            BillLine(DAY, "gpt-4o-2024-08-06", "p1", Decimal("1.5"), None, "openai"),
            BillLine(DAY, "gpt-4o-2024-08-06", None, Decimal("0.5"), None, "openai"),
            BillLine(DAY, None, None, Decimal("0.25"), None, "openai")]),
        (json.dumps(OPENAI_USAGE), [BillLine(DAY, "gpt-4o", None, None, 1_100, "openai")]),
        (json.dumps(ANTHROPIC_COST), [
            BillLine(DAY, "Claude Sonnet 4.5", None, Decimal("1.2345"), None, "anthropic"),
            BillLine(DAY, None, None, Decimal("0.1"), None, "anthropic")]),
        (json.dumps(ANTHROPIC_USAGE), [BillLine(DAY, "claude-sonnet-4-5", None, None, 36, "anthropic")]),
        ("date,model,cost_usd,tokens,project\n2026-11-02,gpt-4o,\"$1,234.5\",10,web\n",
         [BillLine(DAY, "gpt-4o", "web", Decimal("1234.5"), 10)]),
        ("start_time_iso,amount_value,line_item\n2026-11-02T00:00:00+00:00,2,\"gpt-4o, input\"\n",
         [BillLine(DAY, "gpt-4o", None, Decimal(2), None, "openai")]),
        ("start_time,start_time_iso,amount_value,amount_currency,line_item,project_name\n"
         "1793577600,2026-11-02T00:00:00+00:00,0.1,usd,web search tool calls,web\n",
         [BillLine(DAY, None, "web", Decimal("0.1"), None, "openai")]),
        ("start_time_iso,model,num_model_requests,input_tokens,output_tokens,input_cached_tokens\n"
         "2026-11-02T00:00:00+00:00,gpt-4o-mini,3,100,20,60\n",
         [BillLine(DAY, "gpt-4o-mini", None, None, 120, "openai")]),
        # The columns and labels of the consoles' files, as projects that read them show them.
        ("start_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,quantity,quantity_unit,"
         "line_item,user_id,api_key_id,project_id,organization_id,project_name,organization_name,user_email,api_source\n"
         "1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,,,,,,,,,,,,,\n"
         "1793577600,1793664000,2026-11-02T00:00:00,2026-11-03T00:00:00,0.500000000000000,usd,1000,tokens,"
         "\"priority | gpt-5.6-sol, output, long context\",,k,p,o,web,Org,,\n"
         "1793577600,1793664000,2026-11-02T00:00:00,2026-11-03T00:00:00,0.25,usd,,,"
         "\"gpt-audio-mini-2025-12-15 audio, input\",,k,p,o,web,Org,,\n"
         "1793577600,1793664000,2026-11-02T00:00:00,2026-11-03T00:00:00,0.125,usd,,,Vector storage,,k,p,o,web,Org,,\n",
         [BillLine(DAY, "gpt-5.6-sol", "web", Decimal("0.5"), None, "openai"),
          BillLine(DAY, "gpt-audio-mini-2025-12-15", "web", Decimal("0.25"), None, "openai"),
          BillLine(DAY, None, "web", Decimal("0.125"), None, "openai")]),
        ("start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,"
         "service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens,input_text_tokens,"
         "output_text_tokens,input_cached_text_tokens,input_audio_tokens,input_cached_audio_tokens,output_audio_tokens,"
         "input_image_tokens,input_cached_image_tokens,output_image_tokens\n"
         "1793491200,1793577600,2026-11-01T00:00:00+00:00,2026-11-02T00:00:00+00:00,,,,,,,,,,,,,,,,,,,,\n"
         "1793577600,1793664000,2026-11-02T00:00:00+00:00,2026-11-03T00:00:00+00:00,p,2.0,u,k,gpt-audio,FALSE,default,"
         "100.0,20.0,60.0,40.0,40.0,20.0,60.0,30.0,0.0,7.0,0.0,0.0,0.0\n",
         [BillLine(DAY, "gpt-audio", "p", None, 157, "openai")]),
        ("usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type,"
         "inference_geo,speed,api_key_id,api_key_status\n"
         "2026-11-02,Claude Sonnet 4.5,Default,k,message,≤ 200k,input_cache_read,0.10,1.00,token,not_available,,i,\n",
         [BillLine(DAY, "Claude Sonnet 4.5", "Default", Decimal("0.10"), None, "anthropic")]),
        ("usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
         "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
         "usage_output_tokens,web_search_count,inference_geo,speed\n"
         "2026-11-02,claude-sonnet-4-5-20250929,k,Default,message,≤ 200k,1,2,3,4,5,6,not_available,\n",
         [BillLine(DAY, "claude-sonnet-4-5-20250929", "Default", None, 15, "anthropic")]),
        ("usage_date_utc,model,workspace,token_type,cost_usd,cost_type\n"
         "2026-11-02,Claude Haiku 4.5,Default,output,1.25,token\n2026-11-02,,Default,,0.02,web_search\n",
         [BillLine(DAY, "Claude Haiku 4.5", "Default", Decimal("1.25"), None, "anthropic"),
          BillLine(DAY, None, "Default", Decimal("0.02"), None, "anthropic")]),
        ("usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_read,usage_output_tokens\n"
         "2026-11-02,claude-haiku-4-5-20251001,5,6,7\n",
         [BillLine(DAY, "claude-haiku-4-5-20251001", None, None, 18, "anthropic")]),
        ("date,model,cost,total_tokens,input_tokens,output_tokens\n2026-11-02,gpt-4o,1e-3,30,10,20\n",
         [BillLine(DAY, "gpt-4o", None, Decimal("0.001"), 30)]),
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
        ("ft:gpt-4o-2024-08-06:acme::a1", "ft-gpt-4o"),
        ("ft-gpt-4o-2024-08-06", "ft-gpt-4o"),
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
        BillLine(DAY, "equal", None, Decimal("1.004"), None),
        BillLine(DAY, "unknown", None, Decimal("3.0"), None),
        BillLine(DAY, "streamed", None, Decimal("3.0"), None),
        BillLine(DAY, "elsewhere", None, Decimal("3.0"), None),
        BillLine(DAY, "cheaper", None, Decimal("1.6"), 1_000),
        BillLine(DAY, "shifted", None, Decimal("4.0"), None),
        BillLine(DAY + timedelta(days=1), "shifted", None, Decimal("2.0"), None),
        BillLine(DAY, None, None, Decimal("0.5"), None),
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
    assert found.other_usd == Decimal("0.5")
    assert found.observed_usd == Decimal(11)


def test_a_bill_without_models_says_how_to_group_it(store: Store) -> None:
    with pytest.raises(RejectedData, match="group it by line item"):
        reconcile(store, [BillLine(DAY, None, None, Decimal(2), None, "openai")])


def test_a_tenth_of_a_percent_of_a_large_bill_is_a_difference(store: Store, write: Write) -> None:
    write("llm_calls", seen(1, "large", "9980.00"))
    (row,) = reconcile(store, [BillLine(DAY, "large", None, Decimal(10_000), None)]).rows
    assert (row.why, row.difference_usd) == ("not instrumented", Decimal(20))


def test_exports_of_usage_alone_are_compared_by_tokens(store: Store, write: Write) -> None:
    write("llm_calls", seen(1, "same", "5.00"), seen(2, "more", "5.00"))
    bill = [BillLine(DAY, "same", None, None, 1_000), BillLine(DAY, "more", None, None, 3_000)]
    assert {row.model: row.why for row in reconcile(store, bill).rows} == {"same": "equal", "more": "usage"}


def test_a_bill_is_compared_with_calls_of_its_provider_however_they_spell_it(
    store: Store, write: Write
) -> None:
    write(
        "llm_calls",
        seen(1, "gpt-4o", "1.00", provider="openai.responses"),
        seen(2, "claude-haiku-4-5", "2.00", provider="anthropic"),
        seen(3, "gpt-4o", "4.00", provider="azure.ai.openai"),
    )
    found = reconcile(store, [BillLine(DAY, "gpt-4o", None, Decimal(1), None, "openai")])
    assert [(row.model, row.why) for row in found.rows] == [("gpt-4o", "equal")]
    assert found.providers == ("openai",)
    assert len(reconcile(store, [BillLine(DAY, "gpt-4o", None, Decimal(1), None)]).rows) == 2


def test_projects_are_compared_by_the_dimension_that_they_are(store: Store, write: Write) -> None:
    write(
        "llm_calls",
        seen(1, "gpt-4o", "1.00", tenant="acme"),
        seen(2, "gpt-4o", "2.00", tenant="globex"),
    )
    bill = [
        BillLine(DAY, "gpt-4o", "acme", Decimal(1), None),
        BillLine(DAY, "gpt-4o", "globex", Decimal(3), None),
    ]
    rows = reconcile(store, bill, project_is="tenant").rows
    assert [(row.project, row.why) for row in rows] == [("acme", "equal"), ("globex", "not instrumented")]
    (together,) = reconcile(store, bill).rows
    assert together.model == "gpt-4o"
    assert (together.project, together.difference_usd) == ("acme, globex", Decimal(1))
