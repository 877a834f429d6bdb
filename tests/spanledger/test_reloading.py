"""Prices and budgets of a changed configuration hold without a restart; wrong ones change nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from analytics.budgets import BudgetBoard
from analytics.jobs import JobContext
from analytics.pricing import PriceKeeper, PriceSource
from spanledger.config import load_config
from spanledger.reloading import MoneyConfigWatch
from store import Store, open_store
from store.clock import utc_now

GOOD = '[[pricing.model]]\nmodel = "acme-1"\ninput = 1.0\noutput = 2.0\n[[budget]]\nname = "all"\nlimit = 5\n'
WRONG = '[[pricing.model]]\nmodel = "acme-1"\ninput = -1.0\n'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def write(path: Path, text: str, second: int) -> None:
    path.write_text(text, "utf-8")
    os.utime(path, (second, second))


def test_wrong_configuration_keeps_the_last_good_prices(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "spanledger.toml"
    write(file, "", 1)
    config = load_config(tmp_path, environ={})
    watch = MoneyConfigWatch(config, PriceKeeper(PriceSource(config.pricing)), BudgetBoard(config.budgets))
    context = JobContext(store, utc_now)
    assert watch.take_change(context).changed == 0
    write(file, GOOD, 2)
    assert watch.take_change(context).changed == 1
    assert [model.model for model in watch.prices.own.models] == ["acme-1"]
    assert [budget.name for budget in watch.budgets.budgets] == ["all"]
    write(file, WRONG, 3)
    assert watch.take_change(context).changed == 0
    assert "negative" in (watch.problem or "")
    assert [model.model for model in watch.prices.own.models] == ["acme-1"]
    assert watch.prices.book(store).names.resolve(None, "acme-1", None).rule == "own_price"
    write(file, GOOD, 4)
    watch.take_change(context)
    assert watch.problem is None
