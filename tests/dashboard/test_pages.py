"""Each page as a script run: empty, normal, partial cost, the store gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st

from dashboard.data import Search, read_runs
from dashboard.filters import Filters, open_window, write_interval
from dashboard.services import current, install
from store import Replacement, Store
from tests.analytics.building import a_call, a_run, a_tool_call, to_frame
from tests.dashboard.apps import components, notices, open_page
from tests.dashboard.conftest import BIG, NOW, HandClock, opened

PARTIAL = "Partial cost: 1 call without a price"


class TestOverview:
    def test_an_empty_store_says_how_to_send_data(self, empty: Store) -> None:
        app = open_page()
        assert app.subheader[0].value == "Waiting for the first span"
        assert app.code[0].value.splitlines() == [
            "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318",
            "export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        ]

    def test_tiles_agree_with_the_runs(self, seeded: Store) -> None:
        (tiles,) = components(open_page(), "tiles")
        by_title = {tile["title"]: tile for tile in tiles["tiles"]}
        now = current().clock()
        start = now.replace(minute=0) - timedelta(hours=23)
        runs = seeded.query(
            f"SELECT count(*), sum(CAST(outcome = 'failure' AS INTEGER)) FROM runs WHERE started_at >= '{start:%F %T}' "
            f"AND started_at < '{now:%F %T}' AND purpose = 'production'"
        ).to_pylist()[0]
        total, failed = runs.values()
        assert by_title["Runs"]["value"] == f"{total:,}"
        assert by_title["Success rate"]["beside"][0] == f"{failed} failed"
        assert sum(by_title["Runs"]["spark"]) == total

    def test_partial_cost_says_at_least_and_names_the_models(self, seeded: Store) -> None:
        app = open_page()
        (tiles,) = components(app, "tiles")
        cost = next(tile for tile in tiles["tiles"] if tile["title"] == "Cost")
        assert cost["value"].startswith("≥")
        assert "Cost is partial." in notices(app)
        assert "qwen3-235b" in notices(app)

    def test_every_figure_leads_to_the_runs_behind_it(self, seeded: Store) -> None:
        app = open_page(agent="support-triage")
        (tiles,) = components(app, "tiles")
        assert all(tile["href"].startswith("/traces?agent=support-triage") for tile in tiles["tiles"])
        (tools,) = components(app, "table")
        assert all(row["target"]["query"]["agent"] == ["support-triage"] for row in tools["rows"])

    def test_a_filter_that_nothing_matches_names_itself(self, seeded: Store) -> None:
        app = open_page(agent="nobody")
        assert app.subheader[0].value == "No runs in this window"
        assert "With agent nobody." in [text.value for text in app.text]
        assert "Clear filters" in [button.label for button in app.button]

    def test_firing_alerts_stand_on_top_the_worst_first(self, tmp_path: Path, clock: HandClock) -> None:
        with opened(tmp_path, clock) as store:
            alert = {
                "alert": "cost", "severity": "warning", "state": "firing", "reason": "cost is 2.4× the daily mean.",
                "fingerprint": "1", "fired_at": NOW, "evaluated_at": NOW,
            }  # fmt: skip
            worse = {
                **alert,
                "alert": "success",
                "severity": "critical",
                "reason": "**91 %** < 95 %.",
                "fingerprint": "2",
            }
            rows = pl.DataFrame([alert, worse, {**alert, "state": "resolved", "fingerprint": "3"}])
            store.replace(Replacement("alerts", rows.select("fingerprint"), rows))
            (notice,) = (data for data in components(open_page(), "notice") if data["tone"] == "error")
        assert notice["title"] == "2 alerts firing"
        assert notice["text"] == "success: **91 %** < 95 % · since 20 Nov 15:20 UTC · and 1 more"

    @pytest.mark.parametrize(
        ("beside", "change"),
        [({}, ("25.0", "vs 1 h before")), ({"beside": "week"}, ("60.0", "vs a week before"))],
    )
    def test_figures_are_compared_with_the_time_that_is_chosen(
        self, tmp_path: Path, clock: HandClock, beside: dict[str, str], change: tuple[str, str]
    ) -> None:
        counts = {timedelta(0): 40, timedelta(hours=1): 32, timedelta(days=7): 25}
        with opened(tmp_path, clock) as store:
            runs = [
                a_run(
                    f"{number:030x}{place:02x}-1", started_at=NOW - ago - timedelta(minutes=9, seconds=number)
                )
                for place, (ago, count) in enumerate(counts.items())
                for number in range(count)
            ]
            store.replace(appends={"runs": to_frame("runs", runs)})
            (tiles,) = components(open_page(range="1h", **beside), "tiles")
        shown = tiles["tiles"][0]["change"]
        assert change[0] in shown["text"]
        assert shown["basis"] == change[1]

    def test_small_numbers_are_greyed_and_not_coloured(self, seeded: Store) -> None:
        (tiles,) = components(open_page(range="6h", agent="research-brief"), "tiles")
        success = tiles["tiles"][1]
        assert success["is_small"]
        assert success["change"]["tone"] is None

    def test_a_filter_on_models_looks_at_the_runs_that_called_them(self, seeded: Store) -> None:
        (tiles,) = components(open_page(model="qwen3-235b"), "tiles")
        count = seeded.query(
            "SELECT count(*) FROM runs WHERE started_at >= '2026-11-19 16:00:00' AND purpose = 'production' "
            "AND run_id IN (SELECT run_id FROM llm_calls WHERE response_model = 'qwen3-235b')"
        ).to_pylist()[0]
        assert tiles["tiles"][0]["value"] == str(next(iter(count.values())))

    def test_a_store_that_went_away_leaves_the_last_figures_greyed_with_the_reason(
        self, seeded_dir: Path, clock: HandClock
    ) -> None:
        with opened(seeded_dir, clock) as store:
            before = components(open_page(), "tiles")
            store.close()
            clock.at += timedelta(seconds=90)
            app = open_page()
        assert components(app, "tiles") == before
        assert "The store does not answer." in notices(app)
        assert "15:20:00 UTC, 1\u202fmin 30\u202fs ago" in notices(app)

    def test_a_store_that_never_answered_shows_no_figures(self, tmp_path: Path, clock: HandClock) -> None:
        with opened(tmp_path, clock) as store:
            store.close()
            app = open_page(range="7d", agent="never-asked-before")
        assert components(app, "tiles") == []
        assert "Nothing was read before" in notices(app)


class TestTraces:
    def test_rows_are_the_newest_runs_first(self, seeded: Store) -> None:
        (table,) = components(open_page("traces"), "table")
        newest = seeded.query("SELECT run_id FROM runs ORDER BY started_at DESC, run_id LIMIT 3").to_pylist()
        assert [row["key"] for row in table["rows"][:3]] == [row["run_id"] for row in newest]
        assert table["rows"][0]["href"].startswith("/trace?id=")

    def test_failures_of_one_tool_are_found(self, seeded: Store) -> None:
        app = open_page("traces", range="7d", tool="web_search", failed_tools="true")
        (table,) = components(app, "table")
        expected = seeded.query(
            "SELECT DISTINCT run_id FROM tool_calls WHERE tool = 'web_search' AND status = 'error'"
        )
        keys = {row["key"] for row in table["rows"]}
        assert keys <= {row["run_id"] for row in expected.to_pylist()}
        assert keys

    def test_a_run_is_found_by_its_calls_of_a_day_and_later_calls_are_not_scanned(
        self, tmp_path: Path, clock: HandClock
    ) -> None:
        at = clock() - timedelta(hours=30)
        late, later = at + timedelta(hours=20), at + timedelta(hours=28)
        with opened(tmp_path, clock) as store:
            runs = [a_run("t1-s1", started_at=at), a_run("t2-s2", started_at=at)]
            calls = [
                a_call("c1", run_id="t1-s1", started_at=late),
                a_call("c2", run_id="t2-s2", started_at=later),
            ]
            tools = [
                a_tool_call("o1", run_id="t1-s1", started_at=late),
                a_tool_call("o2", run_id="t2-s2", started_at=later),
            ]
            for table, rows in (("runs", runs), ("llm_calls", calls), ("tool_calls", tools)):
                store.replace(appends={table: to_frame(table, rows)})
            window = open_window(write_interval(at - timedelta(hours=1), at + timedelta(hours=1)), clock())
            for chosen, search in (
                (Filters(model=("gpt-4o-mini",)), Search()),
                (Filters(), Search(tool="search")),
            ):
                found = read_runs(window, chosen, search).value
                assert found is not None
                assert found.runs["run_id"].to_list() == ["t1-s1"]
                assert found.count == 1

    def test_runs_are_found_by_an_error_in_them_and_by_what_they_cost(self, seeded: Store) -> None:
        def find(search: Search) -> tuple[set[str], int]:
            found = read_runs(open_window("7d", current().clock()), Filters(), search).value
            assert found is not None
            return set(found.runs["run_id"]), found.count

        of_error = """SELECT run_id FROM {} WHERE coalesce(error_type, failure_class) = 'RateLimited'"""
        runs, count = find(Search(error="RateLimited"))
        expected = seeded.query(
            f"{of_error.format('tool_calls')} UNION {of_error.format('llm_calls')}"
        ).to_pylist()
        assert count
        assert runs <= {row["run_id"] for row in expected}
        of_tool, _ = find(Search(error="RateLimited", tool="web_search"))
        assert of_tool
        assert find(Search(error="RateLimited", tool="parse_pdf")) == (set(), 0)
        found = read_runs(open_window("7d", current().clock()), Filters(), Search(sort="cost")).value
        assert found is not None
        dearest = float(found.runs["cost_usd"][0])
        assert find(Search(min_cost_usd=dearest * 0.999))[1] >= 1
        assert find(Search(min_cost_usd=dearest * 1.001))[1] == 0

    def test_the_histogram_adds_up_to_the_runs_that_match(self, seeded: Store) -> None:
        window = open_window("7d", current().clock())
        found = read_runs(window, Filters(), Search()).value
        assert found is not None
        start, until = window.start.replace(tzinfo=None), window.until.replace(tzinfo=None)
        rows = seeded.query(
            f"SELECT outcome, count(*) AS runs FROM runs WHERE started_at >= TIMESTAMP '{start}' "
            f"AND started_at < TIMESTAMP '{until}' AND purpose = 'production' GROUP BY outcome"
        ).to_pylist()
        sums = dict(found.outcomes.group_by("outcome").agg(pl.col("runs").sum()).iter_rows())
        assert sums == {row["outcome"]: row["runs"] for row in rows}
        assert found.outcomes["bin"].is_between(0, window.bins - 1).all()

    def test_a_search_without_result_says_what_was_searched(self, seeded: Store) -> None:
        app = open_page("traces", q="no-such-user", outcome="failure")
        assert app.subheader[0].value == "No runs in this window"
        assert "Searched for runs with outcome failed, id no-such-user." in [text.value for text in app.text]

    def test_a_run_without_a_price_says_so(self, seeded: Store) -> None:
        (table,) = components(open_page("traces", q="running"), "table")
        texts = [cell and cell["text"] for cell in table["rows"][0]["cells"]]
        assert "no price" in texts
        assert "in progress" in texts

    def test_an_empty_store_says_how_to_send_data(self, empty: Store) -> None:
        assert open_page("traces").subheader[0].value == "Waiting for the first span"

    def test_a_store_that_is_gone_is_said(self, seeded_dir: Path, clock: HandClock) -> None:
        with opened(seeded_dir, clock) as store:
            store.close()
            assert "The store does not answer." in notices(open_page("traces", q="asked-while-gone"))


class TestTrace:
    def test_an_unknown_trace_is_explained(self, seeded: Store) -> None:
        app = open_page("trace", id="f" * 32)
        assert app.subheader[0].value == "No span of this trace is known"
        assert app.code[0].value == "f" * 32

    def test_something_else_than_an_id_is_refused(self, seeded: Store) -> None:
        app = open_page("trace", id="<script>alert(1)</script>")
        assert app.subheader[0].value == "This is no trace id"
        assert app.code[0].value == "<script>alert(1)</script>"

    def test_ten_thousand_spans_are_sent_once_as_columns(self, seeded: Store) -> None:
        app = open_page("trace", id=BIG)
        (data,) = components(app, "waterfall")
        assert data["span_count"] >= 10_000
        assert len(data["id"]) == len(data["cost"]) == len(data["size"]) == data["span_count"]
        assert data["size"][0] == data["span_count"] - 1
        app.run()
        assert components(app, "waterfall") == [data]

    def test_a_deep_link_shows_its_span(self, seeded: Store) -> None:
        sql = f"SELECT span_id FROM spans WHERE trace_id = '{BIG}' AND kind = 'tool' LIMIT 1"
        span_id = seeded.query(sql).to_pylist()[0]["span_id"]
        app = open_page("trace", id=BIG, span=span_id)
        assert components(app, "inspector")[0]["kind"] == "tool"
        assert components(app, "waterfall")[0]["selected"] == span_id

    def test_a_span_is_explained_when_asked(self, seeded: Store) -> None:
        asked: list[tuple[str, Any]] = []

        def operate(name: str, arguments: Mapping[str, Any]) -> object:
            asked.append((name, arguments["span"]))
            return {"text": "read as otel"}

        services = current()
        install(replace(services, operate=operate))
        try:
            app = open_page("trace", id=BIG)
            assert not asked, "an explanation costs a look at the whole trace"
            next(toggle for toggle in app.toggle if toggle.key == "account").set_value(True).run()
            assert app.code[-1].value == "read as otel"
        finally:
            install(services)
        [(name, span)] = asked
        assert name == "explain"
        assert span.startswith(f"{BIG}-")

    def test_an_unknown_span_is_said_and_another_one_shown(self, seeded: Store) -> None:
        app = open_page("trace", id=BIG, span="0123456789abcdef")
        assert "Span 0123456789abcdef is not in this trace" in notices(app)
        assert components(app, "inspector")

    @pytest.mark.parametrize(
        ("trace_id", "badge"),
        [
            ("a" * 32, "In progress"),
            ("b" * 32, "Root not received yet"),
            ("c" * 32, "Partial cost: 1 call without a price"),
        ],
    )
    def test_the_state_of_a_trace_is_in_its_badges(self, seeded: Store, trace_id: str, badge: str) -> None:
        (headline,) = components(open_page("trace", id=trace_id), "headline")
        assert badge in [item["text"] for item in headline["badges"]]

    def test_hostile_text_reaches_only_components(self, seeded: Store) -> None:
        app = open_page("trace", id="d" * 32)
        assert "<script>" in components(app, "inspector")[0]["title"]
        assert not [element.value for element in app.markdown if "script" in element.value]

    def test_a_store_that_went_away_leaves_the_trace(self, seeded_dir: Path, clock: HandClock) -> None:
        with opened(seeded_dir, clock) as store:
            open_page("trace", id="c" * 32)
            store.close()
            clock.at += timedelta(minutes=1)
            st.cache_data.clear()
            app = open_page("trace", id="c" * 32)
        assert components(app, "waterfall")
        assert "The store does not answer." in notices(app)
