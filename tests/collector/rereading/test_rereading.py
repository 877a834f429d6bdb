"""Reading stored spans again: the same rules change nothing, other rules change what they say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.dialects import known_dialects
from collector.importer import import_paths
from collector.loading.intake import Intake
from collector.mapping.compilation import registry_with
from collector.mapping.mapping import Mapping, Match
from collector.rereading.renormalisation import Renormalisation
from collector.rereading.selection import Selection
from store import Store, open_store
from tests.collector.building import NOW_NS, SECOND_NS, a_span, a_trace_body
from tests.collector.dialects.building import CORPUS


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    store = open_store(tmp_path_factory.mktemp("corpus"))
    intake = Intake(store)
    import_paths(intake, [CORPUS])
    yield intake
    store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


RENAMING = registry_with([Mapping(name="m", match=Match(name=("*",)), constants={"agent": "concierge"})])
ALL = {"first": 0, "last": 1 << 40, **Selection().parameters()}


def test_reading_every_capture_again_by_the_same_rules_changes_nothing(corpus: Intake) -> None:
    reading = Renormalisation(corpus, Selection(), known_dialects(), step_spans=1000)
    steps = list(reading.steps())
    assert sum(step.spans for step in steps) == reading.count_spans() > 4000
    assert [(name, dict(reading.differences.examples[name])) for name in reading.differences.fields] == []
    assert sum(step.changed.height for step in steps) == 0
    told = corpus.store.select("facts/any_told")
    assert not told.is_empty() and all(step.changed_records.is_empty() for step in steps)


def swap_all(reading: Renormalisation) -> int:
    changed = 0
    for step in reading.steps():
        reading.swap(step, {})
        changed += step.changed.height
    return changed


def test_a_swap_writes_the_new_reading_once_and_keeps_everything_else(store: Store) -> None:
    intake = Intake(store)
    spans = [
        a_span(number, attributes={"k": [1, "two", None], "v": 1.5}, start_ns=NOW_NS + number * SECOND_NS)
        for number in range(1, 6)
    ]
    intake.load([a_trace_body(*spans[:3])], batch_id="1")
    intake.load([a_trace_body(*spans[3:])], batch_id="2")
    before = store.select("rereading/spans", ALL).sort("span_id")
    assert swap_all(Renormalisation(intake, Selection(), RENAMING)) == 5
    after = store.select("rereading/spans", ALL).sort("span_id")
    assert after["agent"].to_list() == ["concierge"] * 5
    kept = [name for name in before.columns if name not in ("agent", "dialect")]
    assert after.select(kept).equals(before.select(kept))
    assert swap_all(Renormalisation(intake, Selection(), RENAMING)) == 0
    assert swap_all(Renormalisation(intake, Selection(), known_dialects())) == 5
    assert store.select("rereading/spans", ALL).sort("span_id").equals(before)


def test_a_span_that_is_replaced_while_it_is_read_stays_replaced(store: Store) -> None:
    intake = Intake(store)
    intake.load([a_trace_body(a_span(1, end_ns=0), a_span(2))], batch_id="1")
    reading = Renormalisation(intake, Selection(), RENAMING)
    [step] = reading.steps()
    intake.load([a_trace_body(a_span(1))], batch_id="2")
    reading.swap(step, {})
    rows = store.select("rereading/spans", ALL).sort("span_id")
    assert rows.select("load_seq", "agent").rows() == [(2, None), (1, "concierge")]


def test_only_selected_spans_are_read_again(store: Store) -> None:
    intake = Intake(store)
    named = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    intake.load([a_trace_body(a_span(1, attributes=named), a_span(2))], batch_id="1")
    assert swap_all(Renormalisation(intake, Selection(dialect="otel"), RENAMING)) == 1
    assert swap_all(Renormalisation(intake, Selection(service="another"), RENAMING)) == 0
    rows = store.select("rereading/spans", ALL).sort("span_id")
    assert rows["agent"].to_list() == ["concierge", None]


def test_what_is_loaded_after_a_change_of_rules_is_read_by_the_new_ones(store: Store) -> None:
    intake = Intake(store)
    intake.load([a_trace_body(a_span(1))], batch_id="1")
    intake.adopt(RENAMING)
    intake.load([a_trace_body(a_span(2))], batch_id="2")
    rows = store.select("rereading/spans", ALL).sort("span_id")
    assert rows["agent"].to_list() == [None, "concierge"]


def test_differences_tell_the_commonest_changes(store: Store) -> None:
    intake = Intake(store)
    intake.load([a_trace_body(*(a_span(number) for number in range(1, 8)))], batch_id="1")
    reading = Renormalisation(intake, Selection(), RENAMING)
    list(reading.steps())
    told = {item["field"]: item for item in reading.differences.describe()}
    assert told["agent"]["examples"] == [{"before": None, "after": "concierge", "spans": 7}]
