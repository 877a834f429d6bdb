"""docs/cost.md says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from analytics.budgets import parse_budgets
from analytics.economics.reconciliation import PROJECTS, WHY
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


def test_every_kind_of_waste_is_told() -> None:
    sql = (Path(__file__).parents[3] / "store" / "queries" / "economics" / "waste.sql").read_text("utf-8")
    kinds = re.findall(r"'([a-z ]+)' AS kind", sql)
    part = PAGE.partition("## 7.")[2].partition("## 8.")[0]
    words = {kind: [word for word in kind.split() if word not in ("in", "runs")] for kind in kinds}
    missing = [kind for kind, said in words.items() if any(word.rstrip("s") not in part for word in said)]
    assert len(kinds) >= 7
    assert missing == []
    assert "`--project-is" in PAGE and set(PROJECTS) >= {"tenant"}
