"""Sample data for a tour: offered on an empty store, kept by the address, apart from the real data, unchangeable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.services import SampleState, current, install, installed
from store import Store, open_control, open_store
from store.control.access import Person
from tests.dashboard.apps import components, notices, open_page
from tests.dashboard.conftest import HandClock

RUN = "SELECT trace_id FROM runs WHERE agent = 'support-triage' ORDER BY started_at DESC LIMIT 1"


@dataclass
class MadeSample:
    """A sample in the state that a test puts it in."""

    state: SampleState
    asked: int = 0
    removed: list[bool] = field(default_factory=list)

    def ask(self, *, may_begin: bool) -> SampleState:
        self.asked += may_begin
        return self.state if self.asked or self.state.services else SampleState()

    def remove(self) -> None:
        self.removed.append(True)
        self.state = SampleState()


@pytest.fixture
def sample(empty: Store, copied_dir: Path, clock: HandClock) -> Iterator[MadeSample]:
    """An empty real store with the seeded one as the sample beside it."""
    store, control = open_store(copied_dir), open_control(copied_dir)
    services = replace(current(), store=store, control=control, saved_file=None, is_sample=True)
    made = MadeSample(SampleState(services=services))
    install(replace(current(), sample=made))
    yield made
    store.close()
    control.close()


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def marks(app: AppTest) -> list[str]:
    return [one.value for one in app.markdown if "Sample data" in one.value]


def test_an_empty_store_offers_a_look_around_and_does_not_make_it_unasked(sample: MadeSample) -> None:
    app = open_page()
    assert app.subheader[0].value == "Waiting for the first span"
    assert button(app, "Look around with sample data")
    assert sample.asked == 0


def test_nothing_is_offered_where_no_sample_can_be_made(empty: Store) -> None:
    app = open_page(sample="1")
    assert app.subheader[0].value == "Waiting for the first span"
    assert not any("ample" in one.label for one in app.button)


@pytest.mark.parametrize("path", ["", "tools", "traces", "explore"])
def test_the_address_decides_which_store_a_page_reads(sample: MadeSample, empty: Store, path: str) -> None:
    toured = open_page(path, sample="1", range="7d")
    assert marks(toured) == ["**Sample data — not yours**"]
    assert not any("Waiting for" in one.value for one in toured.subheader)
    assert not any("Nothing has arrived" in one.value for one in toured.caption)
    real = open_page(path, range="7d")
    assert marks(real) == []
    assert any("Nothing has arrived" in one.value for one in real.caption)
    if path != "explore":
        assert real.subheader[0].value == "Waiting for the first span"
    assert empty.select("overview/freshness").item(0, "spans") in (0, None)


def test_links_keep_the_sample_and_leave_ends_it(sample: MadeSample) -> None:
    app = open_page("tools", sample="1", range="7d")
    hrefs = [str(data) for data in components(app, "table")]
    assert any("sample=1" in href for href in hrefs)
    app = button(app, "Leave").click().run()
    assert [step["href"] for step in components(app, "step")] == ["/"]


def test_tools_take_bins_without_calls_for_unknown(sample: MadeSample) -> None:
    app = open_page("tools", sample="1", range="6h", agent="support-triage")
    rates = components(app, "tiles")[0]["tiles"][1]["spark"]
    assert None in rates


def test_nothing_is_changed_in_the_sample_and_it_says_why(sample: MadeSample) -> None:
    assert sample.state.services is not None
    trace_id = sample.state.services.store.query(RUN).column(0)[0].as_py()
    app = open_page("trace", id=trace_id, sample="1")
    assert next(one for one in app.button if one.key == "star").disabled
    script = (
        "from dashboard.acting import change\nimport streamlit as st\nchange(st.text, key='x', author='Ada')"
    )
    app = AppTest.from_string(script)
    app.query_params["sample"] = "1"
    app.run()
    assert "Not done. This is sample data" in notices(app)
    assert not app.text
    del app.query_params["sample"]
    assert [one.value for one in app.run().text] == ["Ada"]


def test_an_unready_sample_shows_how_far_it_is_and_nothing_real(sample: MadeSample) -> None:
    sample.state = SampleState(step="Playing agents", share=0.2)
    app = open_page(sample="1")
    assert [one.value for one in app.title] == ["Sample data"]
    assert not app.subheader
    sample.state = SampleState(failure="the disk is full")
    assert "the disk is full" in notices(open_page(sample="1"))


def see_a_viewer(_: Mapping[str, str]) -> Person:
    return Person("kim", "viewer")


def test_only_who_may_change_has_the_sample_made(sample: MadeSample) -> None:
    made, sample.state = sample.state, SampleState()
    sample.asked = 0
    install(replace(installed(), identify=see_a_viewer))
    assert not any("sample" in one.label for one in open_page().button)
    app = open_page(sample="1")
    assert "There is no sample data" in notices(app)
    assert sample.asked == 0
    sample.state = made
    assert button(open_page(), "Look around with sample data")
    assert marks(open_page(sample="1", range="7d"))


def test_the_sample_is_removed_on_demand(sample: MadeSample) -> None:
    app = button(open_page(sample="1", range="7d"), "Remove sample data").click().run()
    assert sample.removed == [True]
    assert [step["href"] for step in components(app, "step")] == ["/"]
