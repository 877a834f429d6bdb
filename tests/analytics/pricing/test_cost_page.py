"""docs/cost.md says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from analytics.budgets import parse_budgets
from analytics.economics.reconciliation import WHY
from analytics.pricing import parse_pricing
from analytics.pricing.explanation import _WHY  # pyright: ignore[reportPrivateUsage]

PAGE = (Path(__file__).parents[3] / "docs" / "cost.md").read_text("utf-8")


def test_examples_are_configurations_that_hold() -> None:
    tables = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.S)]
    own = parse_pricing(tables[0]["pricing"])
    assert (len(own.models), len(own.discounts), len(own.tools), len(own.fees)) == (3, 1, 1, 1)
    assert [budget.name for budget in parse_budgets(tables[1]["budget"])] == [
        "each user's day",
        "sessions an hour",
    ]


def test_every_status_and_reason_is_told() -> None:
    missing = [word for word in (*_WHY, *WHY) if f"`{word}`" not in PAGE and word != "equal"]
    assert missing == []
