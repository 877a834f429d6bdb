"""Stars and notes: kept, audited, found again, and read only for viewers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.saved import read_saved
from dashboard.services import current, install
from store import Store
from store.control import mirror_control
from store.control.access import Person
from store.control.auditing import list_changes
from tests.dashboard.apps import components, notices, open_page
from tests.dashboard.conftest import HandClock, opened

RUN = "SELECT run_id, trace_id FROM runs WHERE agent = 'support-triage' ORDER BY started_at DESC LIMIT 1"


@pytest.fixture(scope="module")
def marked(copied_dir: Path) -> Iterator[Store]:
    with opened(copied_dir, HandClock()) as store:
        yield store


def visit_as(person: Person | None) -> None:
    def identify(_: Mapping[str, str]) -> Person | None:
        return person

    install(replace(current(), identify=identify))


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def test_a_star_is_kept_audited_filtered_by_and_taken_off(marked: Store) -> None:
    run = marked.query(RUN).to_pylist()[0]
    visit_as(Person("kim", "admin"))
    app = open_page("trace", id=run["trace_id"])
    button(app, "Star").click().run()
    (table,) = components(open_page("traces", range="7d", starred="true"), "table")
    assert [row["key"] for row in table["rows"]] == [run["run_id"]]
    assert table["rows"][0]["cells"][1]["note"] == "★ starred"
    mirror_control(current().control, marked)
    assert marked.query("SELECT run_id, author FROM stars").to_pylist() == [
        {"run_id": run["run_id"], "author": "kim"}
    ]
    app = open_page("trace", id=run["trace_id"])
    button(app, "Starred").click().run()
    texts = [text.value for text in open_page("traces", range="7d", starred="true").text]
    assert any("Searched for runs with a star" in text for text in texts)
    with current().control.read() as connection:
        changes = [(row.actor, row.action, row.subject) for row in list_changes(connection)]
    assert changes[:2] == [("kim", "star.remove", run["run_id"]), ("kim", "star.add", run["run_id"])]


def test_a_note_says_who_and_when_and_shows_hostile_text_as_text(marked: Store) -> None:
    run = marked.query(RUN).to_pylist()[0]
    visit_as(Person())
    hostile = "![x](http://evil.example/a.png) <script>window.hacked=1</script>"
    app = open_page("trace", id=run["trace_id"])
    app.text_area[0].set_value(hostile)
    button(app, "Keep").click().run()
    assert "Say who you are" in notices(app)
    app.text_input[0].set_value("ann")
    app.text_area[0].set_value(hostile)
    button(app, "Keep").click().run()
    app = open_page("trace", id=run["trace_id"])
    (note,) = [data for data in components(app, "notice") if data["text"] == hostile]
    assert note["title"] == "ann, 20 Nov 15:20 UTC:"
    assert not [element.value for element in app.markdown if "evil" in element.value]
    (table,) = components(open_page("traces", range="7d", noted="true"), "table")
    assert [row["key"] for row in table["rows"]] == [run["run_id"]]
    button(app, "Delete").click().run()
    assert hostile not in notices(open_page("trace", id=run["trace_id"]))


def test_a_viewer_finds_nothing_to_change(marked: Store) -> None:
    run = marked.query(RUN).to_pylist()[0]
    visit_as(Person("kim"))
    app = open_page("trace", id=run["trace_id"])
    visit_as(Person("vic", "viewer"))
    button(app, "Star").click().run()
    assert button(app, "Star").disabled
    assert components(open_page("traces", range="7d", starred="true"), "table") == []


def test_a_kept_query_is_audited_and_a_viewer_keeps_none(marked: Store) -> None:
    path = current().saved_file
    assert path is not None
    for person, is_kept in ((Person("vic", "viewer"), False), (Person("kim"), True)):
        visit_as(person)
        app = open_page("explore", sql="SELECT count(*) AS n FROM runs")
        next(one for one in app.text_input if one.label == "Name").set_value("all runs")
        button(app, "Save").click().run()
        assert ("You are signed in as a viewer" in notices(app)) is not is_kept
        assert (read_saved(path).find_query("all runs") is not None) is is_kept
    with current().control.read() as connection:
        kept = [row for row in list_changes(connection) if row.subject == "all runs"]
    assert [(row.actor, row.action) for row in kept] == [("kim", "query.save")]


def test_whose_sign_in_has_ended_sees_no_page(marked: Store) -> None:
    visit_as(None)
    app = open_page("traces")
    assert app.title[0].value == "You are signed out"
    assert not components(app, "table")


@pytest.mark.parametrize("person", [Person("vic", "viewer"), None])
def test_what_a_viewer_asks_for_all_the_same_is_refused_before_it_is_done(
    marked: Store, person: Person | None
) -> None:
    visit_as(person)
    script = (
        "from dashboard.acting import change\nassert not change(lambda _: 1 / 0, key='x', author='kim')\n"
    )
    app = AppTest.from_string(script).run()
    assert not app.exception
    assert "You are signed in as a viewer" in notices(app)
