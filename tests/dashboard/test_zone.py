"""Times in UTC or the reader's zone, said beside them and kept by links."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from tests.dashboard.apps import components, notices, open_page
from tests.dashboard.conftest import HandClock, opened


@pytest.fixture(scope="module")
def seeded(copied_dir: Path) -> Iterator[Store]:
    with opened(copied_dir, HandClock()) as store:
        yield store


def test_a_zone_of_the_address_moves_every_time_and_is_said(seeded: Store) -> None:
    (in_utc,) = components(open_page("traces", range="24h"), "table")
    app = open_page("traces", range="24h", tz="Asia/Kolkata")
    (table,) = components(app, "table")
    assert in_utc["columns"][0]["title"] == "Started (UTC)"
    assert table["columns"][0]["title"] == "Started (Asia/Kolkata)"
    assert notices(app).split(" · ")[-1].startswith("19 Nov 21:30 – 20 Nov 20:50 Asia/Kolkata")
    minutes = [int(one["rows"][0]["cells"][0]["text"][-5:-3]) for one in (in_utc, table)]
    assert (minutes[1] - minutes[0]) % 60 == 30


def test_links_carry_the_zone_so_that_every_view_is_an_address(seeded: Store) -> None:
    (table,) = components(open_page("traces", range="24h", tz="Asia/Kolkata"), "table")
    assert table["rows"][0]["href"].endswith("tz=Asia%2FKolkata")


@pytest.mark.parametrize("wrong", ["Nowhere/Atall", "../../etc/passwd", "UTC", "<b>x</b>", ""])
def test_a_zone_that_is_none_is_utc(seeded: Store, wrong: str) -> None:
    (table,) = components(open_page("traces", range="24h", tz=wrong), "table")
    assert table["columns"][0]["title"] == "Started (UTC)"
