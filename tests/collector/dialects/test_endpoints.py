"""The place of an endpoint: what the server's address says of a price that is asked in one region only."""

from __future__ import annotations

import pytest

from tests.collector.dialects.building import facts_of

CALL = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


@pytest.mark.parametrize(
    ("address", "tier"),
    [
        ("us-east5-aiplatform.googleapis.com", "regional"),
        ("europe-west1-aiplatform.googleapis.com:443", "regional"),
        ("https://aiplatform.eu.rep.googleapis.com/v1", "regional"),
        ("aiplatform.googleapis.com", None),
        ("global-aiplatform.googleapis.com", None),
        ("generativelanguage.googleapis.com", None),
        ("eu.api.openai.com", "regional"),
        ("api.openai.com", None),
        ("bedrock-runtime.ap-northeast-1.amazonaws.com", "regional"),
        ("bedrock-runtime.us-east-1.amazonaws.com", None),
        ("acme.openai.azure.com", None),
        ("eu.api.openai.com.example.org", None),
    ],
)
def test_the_address_tells_whether_an_endpoint_is_bound_to_a_region(address: str, tier: str | None) -> None:
    assert facts_of({**CALL, "server.address": address})["service_tier"] == tier


def test_a_place_stands_beside_the_tier_that_served_the_call() -> None:
    sent = {**CALL, "server.address": "us-east5-aiplatform.googleapis.com"}
    assert facts_of({**sent, "spanledger.service_tier": "batch"})["service_tier"] == "batch regional"
    assert facts_of({**sent, "spanledger.service_tier": "regional"})["service_tier"] == "regional"


def test_claude_says_where_it_answered() -> None:
    assert facts_of({**CALL, "anthropic.usage.inference_geo": "us"})["service_tier"] == "regional"
    assert facts_of({**CALL, "anthropic.usage.inference_geo": "global"})["service_tier"] is None
