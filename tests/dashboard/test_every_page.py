"""Every page of the menu in every state, and what each says of data that a person can check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import streamlit as st

from dashboard.menu import PAGES
from store import Store
from tests.dashboard.apps import components, notices, open_page
from tests.dashboard.conftest import HandClock, opened

FILTERED = [entry.path for entry in PAGES if entry.section and entry.is_filtered]


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def seeded(seeded_dir: Path, clock: HandClock) -> Iterator[Store]:
    with opened(seeded_dir, clock) as store:
        yield store


class TestStates:
    @pytest.mark.parametrize("path", FILTERED)
    def test_a_page_shows_what_there_is_and_hostile_text_only_in_components(
        self, seeded: Store, path: str
    ) -> None:
        app = open_page(path, range="7d")
        assert app.title[0].value
        assert not [element.value for element in app.markdown if "script" in element.value]
        assert not app.error

    @pytest.mark.parametrize("path", FILTERED)
    def test_a_filter_that_nothing_matches_says_what_was_searched(self, seeded: Store, path: str) -> None:
        app = open_page(path, agent="nobody")
        assert "With agent nobody." in [text.value for text in app.text]


class TestTools:
    def test_the_tool_that_broke_stands_first_with_its_error(self, seeded: Store) -> None:
        table = components(open_page("tools", range="6h", agent="research-brief"), "table")[0]
        first = table["rows"][0]
        assert first["key"] == "web_search"
        assert first["cells"][-1]["text"] == "RateLimited"

    def test_a_tool_shows_its_failed_calls_each_leading_to_its_span(self, seeded: Store) -> None:
        app = open_page("tools", tool="web_search", range="7d")
        failed = next(
            table for table in components(app, "table") if table["caption"] == "Latest failed calls"
        )
        sql = "SELECT span_id FROM tool_calls WHERE tool = 'web_search' AND status = 'error' ORDER BY started_at DESC"
        newest = seeded.query(f"{sql} LIMIT 8").to_pylist()
        assert [row["target"]["query"]["span"] for row in failed["rows"]] == [
            [row["span_id"]] for row in newest
        ]


# These close the store of the module, so they stand last.
class TestWithoutStore:
    @pytest.mark.parametrize("path", FILTERED)
    def test_a_store_that_is_gone_is_said_and_never_shown_as_nothing(
        self, seeded: Store, clock: HandClock, path: str
    ) -> None:
        seeded.close()
        clock.at += timedelta(minutes=1)
        st.cache_data.clear()
        app = open_page(path, range="6h", agent=f"never-asked-{path}")
        assert "The store does not answer." in notices(app)
        assert not app.subheader


class TestEmptyStore:
    @pytest.mark.parametrize("path", FILTERED)
    def test_an_empty_store_says_how_to_send_data(self, tmp_path: Path, path: str) -> None:
        with opened(tmp_path, HandClock()):
            assert open_page(path).subheader[0].value == "Waiting for the first span"
