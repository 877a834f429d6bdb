"""Every page of the menu in every state, and what each says of data that a person can check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from analytics.backlog import Backlog
from analytics.golden import import_results
from dashboard import view
from dashboard.answers.drift import DriftAlarm, read_drift
from dashboard.answers.tools import read_tool
from dashboard.answers.what_if import OPERATION
from dashboard.filters import Filters, open_window
from dashboard.formats import format_rate
from dashboard.menu import PAGES
from dashboard.pages.cost import token_parts
from dashboard.pages.drift import build_headline
from dashboard.pages.tools import FAILURES_SHOWN
from dashboard.reading import forget_all
from dashboard.services import current, install
from store import Replacement, Store
from store.control import alert_rules, incidents
from store.control.auditing import AuditRow, list_changes
from store.queries import Query, name_query
from tests.analytics.building import a_run, to_frame
from tests.dashboard.apps import components, notices, open_page
from tests.dashboard.conftest import NOW, HandClock, opened
from tests.dashboard.seed import only_columns

OWN_STATES = ("compare", "drift", "explore", "dashboards")
FILTERED = [e.path for e in PAGES if e.section and e.is_filtered and e.path not in OWN_STATES]


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def seeded(seeded_dir: Path, clock: HandClock) -> Iterator[Store]:
    with opened(seeded_dir, clock) as store:
        yield store


@pytest.fixture(scope="class")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with opened(tmp_path_factory.mktemp("nothing"), HandClock()):
        yield


def fill_form(app: AppTest, key: str, button: str, *, who: str, why: str = "") -> None:
    """Fill the first form whose author's field begins with `key`, and send it."""
    field = next(field for field in app.text_input if (field.key or "").startswith(key))
    field.set_value(who)
    if why:
        next(one for one in app.text_input if (one.key or "").startswith("why_")).set_value(why)
    next(one for one in app.button if one.label == button).click().run()
    assert not app.exception


def audited() -> list[AuditRow]:
    with current().control.read() as connection:
        return list_changes(connection)


@pytest.fixture(scope="class")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with opened(tmp_path_factory.mktemp("closed"), HandClock()) as store:
        store.close()
        yield


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

    @pytest.mark.parametrize("path", FILTERED)
    def test_bins_in_which_nothing_ran_are_unknown_and_no_nan_reaches_the_browser(
        self, seeded: Store, path: str
    ) -> None:
        app = open_page(path, range="1h")
        assert components(app, "notice")
        for tiles in components(app, "tiles"):
            assert tiles["tiles"]


class TestWaiting:
    def test_a_page_that_waits_for_its_first_data_leaves_others_what_they_remember(
        self, seeded: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: Counter[str] = Counter()
        select = seeded.select

        def count(query: Query, params: Any = None, frames: Any = None) -> pl.DataFrame:
            asked[name_query(query)] += 1
            return select(query, params, frames)

        monkeypatch.setattr(seeded, "select", count)
        monkeypatch.setattr(view, "FRESH", timedelta(hours=1))
        open_page("tools", range="6h")
        for _ in range(2):
            open_page("sessions", range="1h", agent="nobody")
            open_page("tools", range="6h")
        assert asked["tools/errors"] == 1
        assert asked["sessions/list"] == 3, "the empty answer was remembered"


class TestRetention:
    @pytest.mark.parametrize("path", ["", "tools"])
    def test_figures_whose_facts_are_deleted_are_said_to_be_partial(
        self, seeded: Store, clock: HandClock, path: str
    ) -> None:
        hour = clock().replace(minute=0, second=0, microsecond=0, tzinfo=None) - timedelta(hours=1)
        gone = pl.DataFrame({"subject": ["tool_call"], "hour_at": [hour]})
        forget_all()
        assert "Figures are partial." not in notices(open_page(path, range="6h"))
        seeded.replace(appends={"expired_hours": gone})
        forget_all()
        try:
            assert "Figures are partial." in notices(open_page(path, range="6h"))
        finally:
            seeded.replace(Replacement("expired_hours", keys=gone, rows=gone.clear()))
            forget_all()


class TestFailure:
    @pytest.mark.parametrize("path", [*FILTERED, "compare", "drift", "system"])
    def test_a_page_says_that_the_store_does_not_answer_and_invents_nothing(
        self, closed: None, path: str
    ) -> None:
        app = open_page(path, range="6h", agent="never-asked-before")
        assert "The store does not answer." in notices(app)
        assert components(app, "tiles") == []


class TestTools:
    def test_the_tool_that_broke_says_how_much_more_it_fails_and_with_what(self, seeded: Store) -> None:
        table = components(open_page("tools", range="6h", agent="research-brief"), "table")[0]
        broken = next(row for row in table["rows"] if row["key"] == "web_search")
        assert broken["cells"][-1]["text"] == "RateLimited"
        assert broken["cells"][2]["text"].startswith("+")

    def test_a_tool_shows_its_failed_calls_each_leading_to_its_span(self, seeded: Store) -> None:
        app = open_page("tools", tool="web_search", range="7d")
        failed = next(
            table for table in components(app, "table") if table["caption"] == "Latest failed calls"
        )
        sql = "SELECT span_id FROM tool_calls WHERE tool = 'web_search' AND status = 'error' ORDER BY started_at DESC"
        newest = seeded.query(f"{sql} LIMIT {FAILURES_SHOWN}").to_pylist()
        assert [row["target"]["query"]["span"] for row in failed["rows"]] == [
            [row["span_id"]] for row in newest
        ]

    def test_a_tool_says_how_sure_its_rate_is_and_how_often_runs_call_it(self, seeded: Store) -> None:
        app = open_page("tools", tool="web_search", range="7d")
        tiles = components(app, "tiles")[1]["tiles"]
        assert [tile["title"] for tile in tiles][-1] == "Tool retries"
        assert "95 % sure" in " ".join(tiles[1]["beside"])
        window = open_window("7d", current().clock())
        tool = read_tool(window, Filters(), "web_search").value
        assert tool is not None
        per_run = tool.per_run
        assert (per_run["calls"] * per_run["runs"]).sum() == tool.figures["tool_call_count"].value

    def test_a_kind_of_error_leads_to_the_runs_that_had_it(self, seeded: Store) -> None:
        (table,) = components(
            open_page("traces", range="7d", tool="web_search", failed_tools="true", error="RateLimited"),
            "table",
        )
        assert table["rows"]


class TestCost:
    def test_calls_of_one_model_are_priced_as_anothers_on_demand(self, seeded: Store) -> None:
        def instead(name: str, asked: Mapping[str, Any]) -> object:
            assert (name, asked["model"], asked["by_model"]) == (OPERATION, "gpt-5-mini", "openai/gpt-5")
            return {
                "old": {"events": 1203, "usd": "12.40", "note": ""},
                "new": {"events": 1203, "usd": "62.00", "note": "7 calls could not be compared"},
            }

        before = current()
        install(replace(before, operate=instead))
        asked = {"range": "7d", "instead_of": "gpt-5-mini", "by_model": "openai/gpt-5"}
        book = pl.DataFrame({"price_model": ["openai/gpt-5"], "provider": ["openai"], "model": ["gpt-5"]})
        version = pl.DataFrame({"cost_version": [0]})
        seeded.replace(
            appends={
                "prices": only_columns("prices", book),
                "cost_versions": only_columns("cost_versions", version),
            }
        )
        said = notices(open_page("cost", **asked))
        assert "1,203 calls cost $12.40, and would have cost $62.00: $49.60 more (+400.0" in said
        assert "7 calls could not be compared." in said
        install(before)

    @pytest.mark.parametrize("by", ["model", "agent", "version", "tool"])
    def test_parts_add_up_to_the_whole_and_lead_to_their_runs(self, seeded: Store, by: str) -> None:
        app = open_page("cost", by=by, range="7d")
        parts = next(table for table in components(app, "table") if table["caption"] == f"Cost by {by}")
        assert sum(row["cells"][1]["share"] for row in parts["rows"] if row["cells"][1]) == pytest.approx(
            1, abs=0.01
        )
        assert all(row["target"]["path"] == "traces" for row in parts["rows"] if row["href"])

    def test_partial_cost_is_at_least_with_the_share_that_is_unknown(self, seeded: Store) -> None:
        app = open_page("cost", range="7d")
        assert "Cost is partial." in notices(app)
        cost = components(app, "tiles")[0]["tiles"][0]
        assert cost["value"].startswith("≥")
        unpriced = next(
            table for table in components(app, "table") if table["caption"] == "Calls without a price"
        )
        assert unpriced["rows"][0]["cells"][2]["text"] == "no price for this model"

    def test_the_parts_of_tokens_are_disjoint(self, seeded: Store) -> None:
        frame = pl.DataFrame(
            {
                "bin": [0], "input_tokens": [100], "cache_read_tokens": [60], "cache_write_tokens": [None],
                "output_tokens": [50], "reasoning_tokens": [20],
            }
        )  # fmt: skip
        assert token_parts(frame, 1) == {
            "fresh input": [40], "read from cache": [60], "written to cache": [0], "answer": [30], "reasoning": [20],
        }  # fmt: skip


class TestModels:
    def test_a_model_without_a_price_says_so(self, seeded: Store) -> None:
        table = components(open_page("models", range="7d"), "table")[0]
        row = next(row for row in table["rows"] if row["key"] == "qwen3-235b")
        assert row["cells"][-1]["text"] == "no price"
        assert row["target"]["query"]["model"] == ["qwen3-235b"]


class TestSessions:
    def test_a_session_is_shown_as_it_was_said(self, seeded: Store) -> None:
        row = seeded.query(
            "SELECT session_id, runs FROM sessions ORDER BY runs DESC, session_id LIMIT 1"
        ).to_pylist()[0]
        (data,) = components(open_page("sessions", id=row["session_id"]), "conversation")
        assert len(data["turns"]) == row["runs"] > 1
        said = data["turns"][0]["messages"]
        assert [message["role"] for message in said][:1] == ["user"]
        assert data["turns"][0]["href"].startswith("/trace?id=")

    def test_an_unknown_session_is_explained(self, seeded: Store) -> None:
        app = open_page("sessions", id="<b>nobody</b>")
        assert app.subheader[0].value == "No session is known by this id"
        assert app.code[0].value == "<b>nobody</b>"

    def test_the_list_counts_what_the_store_has(self, seeded: Store) -> None:
        app = open_page("sessions", range="7d", long="true")
        sql = "SELECT count(*) AS n FROM sessions WHERE runs > 1 AND purpose = 'production'"
        count = seeded.query(sql).to_pylist()[0]["n"]
        assert f"{count} sessions:" in notices(app)


class TestUsers:
    def test_users_are_ranked_by_cost_and_lead_to_their_runs(self, seeded: Store) -> None:
        tables = components(open_page("users", range="7d"), "table")
        table = next(table for table in tables if table["caption"] == "Users by cost")
        orders = [row["cells"][1]["order"] for row in table["rows"]]
        assert orders == sorted(orders, reverse=True)
        first = table["rows"][0]
        assert first["target"]["query"]["q"] == [first["key"]]

    def test_who_is_over_budget_is_said_and_leads_to_the_runs(self, seeded: Store) -> None:
        app = open_page("users", range="7d")
        (said,) = [data for data in components(app, "notice") if data["title"] == "Over budget."]
        (row,) = seeded.query(
            "SELECT labels['user_id'] AS name FROM budgets WHERE used_value >= limit_value AND labels <> MAP {}"
        ).to_pylist()[:1]
        assert said["text"].startswith(f"{row['name']} used ")
        assert said["links"][0]["target"]["query"]["q"] == [row["name"]]


class TestAlerts:
    def test_what_fires_is_shown_with_its_reason_and_leads_to_its_runs(self, seeded: Store) -> None:
        app = open_page("alerts")
        head = components(app, "headline")[0]
        assert head["title"] == "web search fails"
        assert [stat["value"] for stat in head["stats"][:2]] == ["33.8\u202f%", "10.0\u202f%"]
        links = [link for data in components(app, "notice") for link in data["links"]]
        assert links[0]["target"]["query"]["tool"] == ["web_search"]
        assert links[0]["target"]["query"]["failed_tools"] == ["true"]

    def test_a_silence_made_here_is_recorded_and_can_be_ended(self, seeded: Store) -> None:
        app = open_page("alerts")
        fill_form(app, "silencer", "Silence", who="kim", why="we know")
        heads = components(open_page("alerts"), "headline")
        assert any(badge["text"].startswith("silenced until") for badge in heads[0]["badges"])
        app = open_page("alerts", show="silences")
        before = len(components(app, "headline"))
        [button for button in app.button if button.label == "End it now"][-1].click().run()
        assert len(components(open_page("alerts", show="silences"), "headline")) == before - 1
        assert [row.action for row in audited()][:2] == ["silence.expire", "silence.add"]

    def test_a_silence_that_ended_is_told_with_its_author_and_who_ended_it(self, seeded: Store) -> None:
        fill_form(open_page("alerts"), "silencer", "Silence", who="kim", why="we know")
        app = open_page("alerts", show="silences")
        [button for button in app.button if button.label == "End it now"][-1].click().run()
        (table,) = components(open_page("alerts", show="silences"), "table")
        assert table["caption"] == "Ended silences"
        assert [one["text"] for one in table["rows"][0]["cells"][2:4]] == ["kim", "we know"]
        table = components(open_page("alerts", show="history"), "table")[-1]
        assert [row["cells"][2]["text"] for row in table["rows"]][:2] == ["silence.expire", "silence.add"]

    def test_incidents_are_told_with_how_long_people_needed(self, seeded: Store) -> None:
        now = current().clock()
        with current().control.begin() as connection:
            for minutes in (10, None):
                incidents.save_incident(
                    connection,
                    incidents.IncidentRow(
                        title="success rate · support", severity="critical", labels={}, members=["a", "b"],
                        began_at=now - timedelta(minutes=35), detected_at=now - timedelta(minutes=30),
                        acknowledged_at=None if minutes is None else now - timedelta(minutes=27),
                        resolved_at=now - timedelta(minutes=minutes) if minutes else None,
                    ),
                )  # fmt: skip
        forget_all()
        app = open_page("alerts", show="incidents")
        (head,) = components(app, "headline")
        assert [stat["value"] for stat in head["stats"]] == [
            "5\u202fmin 0\u202fs", "3\u202fmin 0\u202fs", "20\u202fmin 0\u202fs",
        ]  # fmt: skip
        assert head["badges"][0]["text"] == "1 open"
        (table,) = components(app, "table")
        assert [row["cells"][2]["text"] for row in table["rows"]] == ["2", "2"]

    def test_an_alert_is_acknowledged_assigned_and_commented_with_a_name(self, seeded: Store) -> None:
        app = open_page("alerts")
        fill_form(app, "responder", "Done", who="kim")
        head = components(open_page("alerts"), "headline")[0]
        assert "acknowledged by kim" in [badge["text"] for badge in head["badges"]]
        app = open_page("alerts")
        app.radio[0].set_value("assign").run()
        next(field for field in app.text_input if field.label == "To whom?").set_value("ann")
        fill_form(app, "responder", "Done", who="kim")
        app = open_page("alerts")
        head = components(app, "headline")[0]
        assert "assigned to ann" in [badge["text"] for badge in head["badges"]]
        assert "kim looks after it" in notices(app)
        changes = [(row.actor, row.action, row.subject) for row in audited()][:2]
        assert changes == [
            ("kim", "alert.assign", "web search fails"), ("kim", "alert.acknowledge", "web search fails"),
        ]  # fmt: skip

    def test_a_response_without_a_name_is_not_taken(self, seeded: Store) -> None:
        app = open_page("alerts")
        fill_form(app, "responder", "Done", who="")
        assert "Say who you are" in notices(app)

    def test_a_rule_shows_what_it_would_have_told_before_it_is_kept(self, seeded: Store) -> None:
        app = open_page("alerts", show="rules", rule="web search fails")
        (head,) = components(app, "headline")
        assert head["stats"][0]["value"] != "0 times"
        (table,) = components(app, "table")
        assert any("web_search" in row["cells"][2]["text"] for row in table["rows"])
        app = open_page("alerts", show="rules", rule="+")
        text = next(field for field in app.text_area if field.label.startswith("The rule"))
        text.set_value('metric = "success_rate"\nbelow = 0.0\n').run()
        assert components(app, "headline")[0]["badges"][0]["text"] == "would have been quiet"
        text = next(field for field in app.text_area if field.label.startswith("The rule"))
        text.set_value('metric = "no such metric"').run()
        assert "This is no rule yet." in notices(app)
        assert next(one for one in app.button if one.label == "Save").disabled

    def test_a_rule_made_here_is_kept_in_the_control_state_and_audited(self, seeded: Store) -> None:
        app = open_page("alerts", show="rules", rule="+")
        next(field for field in app.text_input if field.label == "Name").set_value("mine")
        next(field for field in app.text_input if field.label == "Who are you?").set_value("kim")
        app.run()
        next(one for one in app.button if one.label == "Save").click().run()
        with current().control.read() as connection:
            (rule,) = alert_rules.list_rules(connection)
        assert (rule.name, rule.author, rule.definition["below"]) == ("mine", "kim", 0.95)
        assert (audited()[0].actor, audited()[0].action) == ("kim", "alert.add")

    @pytest.mark.parametrize(
        ("show", "caption"), [("rules", "Rules"), ("decisions", "Decisions"), ("history", "Changes of state")]
    )
    def test_rules_decisions_and_history_are_tables(self, seeded: Store, show: str, caption: str) -> None:
        table = components(open_page("alerts", show=show), "table")[0]
        assert table["caption"] == caption
        assert table["rows"]


def read_alarm() -> DriftAlarm:
    drift = read_drift(Filters()).value
    assert drift is not None
    return drift.alarms[0]


class TestDrift:
    def test_an_alarm_shows_its_change_what_happened_then_and_its_failures(self, seeded: Store) -> None:
        app = open_page("drift")
        head = components(app, "headline")[0]
        assert head["title"] == "Tool failure rate changed"
        assert [stat["value"] for stat in head["stats"][:2]] == ["3.0\u202f%", "34.0\u202f%"]
        assert "deployed search-proxy 1.8" in notices(app)
        links = [link["target"]["query"] for data in components(app, "notice") for link in data["links"]]
        assert links[0]["tool"] == ["web_search"]

    def test_an_alarm_of_the_address_is_the_one_that_is_shown(self, seeded: Store) -> None:
        assert (
            components(open_page("drift", alarm="0f1e2d3c4b5a6978"), "headline")[0]["title"]
            == "Success rate changed"
        )

    def test_an_alarm_of_a_whole_agent_is_a_multiple_of_the_alarm_level_with_its_parts(
        self, seeded: Store
    ) -> None:
        app = open_page("drift", alarm="77aa88bb99cc00dd")
        head = components(app, "headline")[0]
        assert head["title"] == "Behaviour of the agent changed"
        assert head["badges"][0]["text"] == "unlike its baseline"
        assert [stat["value"] for stat in head["stats"][:2]] == ["below 1×", "1.1× the alarm level"]
        assert "Steps per run up from 3.00 to 4.00" in notices(app)

    @pytest.mark.parametrize(
        ("metric", "direction", "verdict"),
        [("run_ms", "down", "better: down"), ("run_ms", "up", "worse: up"), ("run_count", "down", "down")],
    )
    def test_worse_and_better_are_judged_by_the_metric_that_shows_what_is_watched(
        self, seeded: Store, metric: str, direction: str, verdict: str
    ) -> None:
        alarm = replace(read_alarm(), metric=metric, direction=direction)
        assert build_headline(alarm).badges[0].text == verdict

    def test_an_alarm_of_a_category_names_it(self, seeded: Store) -> None:
        alarm = replace(read_alarm(), metric="tool_mix", category="crm", before_value=0.125)
        assert build_headline(alarm).title == "Mix of tools: crm changed"
        assert build_headline(alarm).stats[0].value == "12.5\u202f%"

    def test_an_alarm_is_accepted_with_its_reason_and_the_decision_is_shown(self, seeded: Store) -> None:
        app = open_page("drift")
        app.radio[0].set_value("accept")
        next(field for field in app.text_input if field.key == "mark_reason").set_value("a new proxy")
        next(field for field in app.text_input if field.key == "marker").set_value("kim")
        next(one for one in app.button if one.label == "Keep").click().run()
        app = open_page("drift")
        assert "confirmed" in [badge["text"] for badge in components(app, "headline")[0]["badges"]]
        decided = next(table for table in components(app, "table") if table["caption"] == "Decisions")
        cells = [[cell and cell["text"] for cell in row["cells"]] for row in decided["rows"]]
        assert {row[1] for row in cells} >= {"confirm", "accept"}
        assert {row[4] for row in cells} == {"a new proxy"}
        assert (audited()[0].actor, audited()[0].action) == ("kim", "drift.accept")

    def test_an_outage_is_left_out_only_with_a_reason(self, seeded: Store) -> None:
        app = open_page("drift")
        next(field for field in app.text_input if field.key == "baseliner").set_value("kim")
        [one for one in app.button if one.label == "Keep"][1].click().run()
        assert "there is no reason" in notices(app)
        next(field for field in app.text_input if field.key == "baseline_reason").set_value("power cut")
        [one for one in app.button if one.label == "Keep"][1].click().run()
        (row,) = seeded.select("drift/decisions").filter(pl.col("action") == "exclude").to_dicts()
        assert (row["author"], row["reason"]) == ("kim", "power cut")
        assert row["since_at"] < row["until_at"]


class TestSystem:
    @pytest.mark.parametrize(
        "show", ["ingest", "jobs", "dead letters", "dialects", "prices", "configuration"]
    )
    def test_every_view_is_drawn(self, seeded: Store, show: str) -> None:
        app = open_page("system", show=show)
        assert app.title[0].value == "System"
        assert "does not answer" not in notices(app)

    def test_work_that_waits_is_told_with_its_end(self, seeded: Store) -> None:
        since = datetime(2026, 11, 20, 8, tzinfo=UTC)
        backlog = Backlog("rollups", "hours", 8_760, 240, since, since + timedelta(minutes=30))
        done = Backlog("days", "days", 0, 365, None, None)
        install(replace(current(), backlogs=lambda: [backlog, done]))
        forget_all()
        tables = components(open_page("system", show="jobs"), "table")
        (waiting,) = (table for table in tables if table["caption"] == "What waits for jobs")
        (row,) = waiting["rows"]
        texts = [it["text"] for it in row["cells"]]
        assert texts[:4] == ["rollups", "8,760", "hours", "240"]
        assert ["08:00" in texts[4], "08:30" in texts[5]] == [True, True]

    def test_dead_letters_say_why_and_show_hostile_records_as_text(self, seeded: Store) -> None:
        reasons, latest = components(open_page("system", show="dead letters"), "table")
        assert reasons["rows"][0]["cells"][1]["text"] == "bad trace id"
        assert latest["rows"][0]["cells"][4]["text"].startswith("<script>")


class TestQuality:
    def test_disliked_runs_stand_first_and_lead_to_themselves(self, seeded: Store) -> None:
        app = open_page("quality", range="7d")
        review = next(
            table for table in components(app, "table") if table["caption"] == "Runs to be looked at"
        )
        sql = "SELECT run_id FROM runs WHERE feedback < 0 AND purpose = 'production' ORDER BY started_at DESC LIMIT 1"
        assert review["rows"][0]["key"] == seeded.query(sql).to_pylist()[0]["run_id"]
        assert review["rows"][0]["href"].startswith("/trace?id=")

    def test_satisfaction_rests_on_the_rated_runs(self, seeded: Store) -> None:
        tiles = components(open_page("quality", range="7d"), "tiles")[0]["tiles"]
        sql = "SELECT count(*) AS n, avg(CAST(feedback > 0 AS INTEGER)) AS liked FROM runs WHERE feedback IS NOT NULL"
        row = seeded.query(f"{sql} AND purpose = 'production'").to_pylist()[0]
        assert tiles[1]["beside"] == [f"{row['n']:,} rated runs"]
        assert tiles[1]["value"] == format_rate(row["liked"])

    def test_a_judgement_is_written_back_and_takes_the_run_out_of_the_queue(self, seeded: Store) -> None:
        app = open_page("quality", range="7d")
        run_id = next(one for one in app.selectbox if one.key == "review_run").value
        next(one for one in app.radio if one.key == "review_verdict").set_value("Bad")
        next(one for one in app.text_input if one.key == "review_words").set_value("wrong refund")
        next(one for one in app.text_input if one.key == "reviewer").set_value("kim")
        next(one for one in app.button if one.label == "Keep").click().run()
        sql = f"SELECT value, source, explanation FROM scores WHERE run_id = '{run_id}' AND name = 'review'"
        assert seeded.query(sql).to_pylist() == [
            {"value": -1.0, "source": "human", "explanation": "kim: wrong refund"}
        ]
        review = next(
            table
            for table in components(open_page("quality", range="7d"), "table")
            if table["caption"] == "Runs to be looked at"
        )
        assert run_id not in [row["key"] for row in review["rows"]]
        assert (audited()[0].actor, audited()[0].action) == ("kim", "review.label")


class TestSuites:
    def test_cases_that_broke_in_the_version_that_ran_last_are_named(self, seeded: Store) -> None:
        assert "Evaluation suites" not in [it["caption"] for it in components(open_page("quality"), "table")]
        for version, ago in (("6", 3), ("7", 1)):
            rows = [{"case_id": f"<b>case {n}", "passed": version == "6" or n > 1} for n in range(5)]
            import_results(seeded, "refunds", version, rows, NOW - timedelta(hours=ago))
        table = next(
            it
            for it in components(open_page("quality", range="6h"), "table")
            if it["caption"] == "Evaluation suites"
        )
        (row,) = table["rows"]
        assert [it["text"] for it in row["cells"]][1:] == [
            "6 → 7", "5", "3", "5", "0", "2", "<b>case 0, <b>case 1",
        ]  # fmt: skip


class TestCompare:
    def test_two_versions_stand_side_by_side_with_what_may_be_said(self, seeded: Store) -> None:
        app = open_page("compare", what="prompt version", range="7d")
        (table,) = components(app, "table")
        row = next(row for row in table["rows"] if row["key"] == "success_rate")
        assert row["cells"][1]["text"] in ("better", "worse", "no difference seen")
        assert "7 against 6" in notices(app)

    def test_a_version_that_ran_alone_says_so(self, seeded: Store) -> None:
        said = notices(open_page("compare", range="24h"))
        assert "No two agent versions can be compared in this window; there ran 2.4.0 of " in said

    def test_versions_are_compared_within_one_agent(self, seeded: Store) -> None:
        app = open_page("compare", what="prompt version", range="7d", of="code-reviewer")
        (table,) = components(app, "table")
        sessions = next(row for row in table["rows"] if row["key"] == "success_rate")["cells"][-1]["text"]
        (row,) = seeded.query(
            "SELECT count(DISTINCT session_id) AS n FROM runs WHERE agent = 'code-reviewer' AND prompt_version = '7' "
            "AND purpose = 'production' AND outcome IS NOT NULL AND started_at >= '2026-11-13 18:00:00'"
        ).to_pylist()
        assert sessions.endswith(f"/ {row['n']}")
        assert "7 against 6, code-reviewer" in notices(app)

    def test_window_without_shadows_says_how_to_mark_them(self, seeded: Store) -> None:
        assert "name the run they repeat in spanledger.shadow_of" in notices(
            open_page("compare", what="shadow runs", range="24h")
        )

    def test_shadows_stand_beside_what_they_repeat(self, seeded: Store) -> None:
        at = (NOW - timedelta(hours=2)).replace(tzinfo=None)
        runs = [
            a_run(
                f"{purpose}{n}-1",
                agent="mirror",
                input=f"n {n}",
                purpose=purpose,
                started_at=at,
                cost_usd=usd,
            )
            for purpose, usd in (("production", "1"), ("shadow", "2"))
            for n in range(6)
        ]
        seeded.replace(appends={"runs": to_frame("runs", runs)})
        app = open_page("compare", what="shadow runs", range="24h", agent="mirror")
        (table,) = components(app, "table")
        assert len(table["rows"]) == 6
        assert {row["target"]["path"] for row in table["rows"]} == {"trace"}
        assert "6 shadow runs beside production" in notices(app)
        assert "together they cost $6.00 and would have cost $12.00" in notices(app)

    def test_periods_are_compared_whatever_ran(self, seeded: Store) -> None:
        (table,) = components(open_page("compare", what="period", range="24h"), "table")
        assert table["rows"]


class TestExplore:
    def test_a_query_in_the_address_is_asked_with_the_times_of_the_range(self, seeded: Store) -> None:
        sql = "SELECT count(*) AS runs FROM runs WHERE started_at >= :start AND started_at < :until"
        app = open_page("explore", sql=sql, range="1h")
        count = seeded.query(
            "SELECT count(*) AS n FROM runs WHERE started_at >= '2026-11-20 14:22:00'"
        ).to_pylist()
        assert components(app, "notice")[-1]["title"] == str(count[0]["n"])

    def test_a_query_that_is_refused_says_why(self, seeded: Store) -> None:
        app = open_page("explore", sql="DELETE FROM runs")
        assert "This query was refused." in notices(app)

    def test_a_column_of_the_schema_is_inserted_into_the_query(self, seeded: Store) -> None:
        app = open_page("explore")
        for name in ("agent", "outcome"):
            next(one for one in app.selectbox if one.key == "insert").set_value(name).run()
        assert app.text_area[0].value == "SELECT agent, outcome"
        assert not app.exception

    def test_an_example_is_asked_when_it_is_chosen(self, seeded: Store) -> None:
        app = open_page("explore")
        next(button for button in app.button if button.label == "Slowest tools").click().run()
        assert not app.exception
        assert "rows in" in notices(app)

    def test_a_saved_query_stands_on_its_board_until_it_is_asked_again(
        self, seeded: Store, seeded_dir: Path
    ) -> None:
        app = open_page("explore", sql="SELECT agent, count(*) AS n FROM runs GROUP BY agent", chart="bars")
        app.text_input[0].set_value("runs by agent")
        app.text_input[1].set_value("mine")
        app.button[-1].click().run()
        assert "on the board mine" in notices(app)
        board = open_page("dashboards")
        assert "runs by agent" in notices(board)
        (link,) = [link for data in components(board, "notice") for link in data["links"]]
        assert link["target"]["query"]["chart"] == ["bars"]
        (seeded_dir / "dashboards.toml").unlink()

    def test_without_a_board_the_way_to_one_is_shown(self, seeded: Store) -> None:
        assert open_page("dashboards").subheader[0].value == "No board yet"


class TestSearch:
    def test_runs_are_found_by_what_was_said(self, seeded: Store) -> None:
        (table,) = components(open_page("traces", range="7d", said="CHECK THE VAT"), "table")
        assert {row["cells"][1]["text"] for row in table["rows"]} == {"invoice-extractor"}

    def test_what_a_link_narrowed_to_is_said_and_can_be_dropped(self, seeded: Store) -> None:
        app = open_page("traces", version="2.4.0", range="7d")
        assert "Only version 2.4.0." in notices(app)
        assert "Searched" not in "".join(text.value for text in app.text)


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
    def test_an_empty_store_says_how_to_send_data(self, nothing: None, path: str) -> None:
        assert open_page(path).subheader[0].value == "Waiting for the first span"

    def test_no_alert_says_so(self, nothing: None) -> None:
        assert open_page("alerts").subheader[0].value == "No alert is firing"

    def test_no_drift_says_so(self, nothing: None) -> None:
        assert open_page("drift").subheader[0].value == "Nothing drifted"
