"""The ways that people go, in a real browser, over a server of its own."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browsing import await_drawn, query_of, watched
from tests.dashboard.conftest import BIG, served


@pytest.fixture
def page(browser: Browser, address: str) -> Generator[Page]:
    with watched(browser, address) as page:
        yield page


def test_range_and_filters_are_in_the_address_and_come_back_by_reload_and_back(page: Page) -> None:
    page.goto("/")
    runs = page.locator(".tile", has_text="Runs").locator(".value")
    expect(page.locator(".tile")).to_have_count(6)
    of_day = runs.inner_text()
    page.get_by_role("radio", name="7d").click()
    expect(runs).not_to_have_text(of_day)
    of_week = runs.inner_text()
    page.get_by_label("Agent", exact=True).click()
    page.get_by_role("option", name="code-reviewer").click()
    expect(page).to_have_url(re.compile("agent=code-reviewer"))
    expect(runs).not_to_have_text(of_week)
    of_agent = runs.inner_text()
    page.reload()
    expect(runs).to_have_text(of_agent)
    assert query_of(page) == {"range": ["7d"], "agent": ["code-reviewer"]}
    page.go_back()
    expect(runs).to_have_text(of_week)
    page.go_back()
    expect(runs).to_have_text(of_day)
    assert query_of(page) == {}


def test_overview_leads_to_a_tool_to_its_failed_call_in_the_run_and_back(page: Page) -> None:
    page.goto("/?range=7d&environment=production")
    page.locator("tr", has_text="web_search").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Tools", exact=True)).to_be_visible()
    assert query_of(page) == {"range": ["7d"], "environment": ["production"], "tool": ["web_search"]}
    page.get_by_role("table", name="Latest failed calls").locator("tbody a").first.click()
    expect(page.locator(".waterfall")).to_be_visible()
    expect(page.locator(".inspector h2")).to_contain_text("execute_tool web_search")
    page.go_back()
    expect(page.get_by_role("heading", name="Tools", exact=True)).to_be_visible()
    assert query_of(page) == {"range": ["7d"], "environment": ["production"], "tool": ["web_search"]}
    page.locator(".st-key-one_tool").get_by_role("link", name="Tool failure rate").click()
    expect(page.get_by_role("heading", name="Traces")).to_be_visible()
    assert query_of(page) == {
        "range": ["7d"], "environment": ["production"], "tool": ["web_search"], "failed_tools": ["true"],
    }  # fmt: skip
    page.locator("tbody tr").first.get_by_role("link").click()
    expect(page.locator(".waterfall")).to_be_visible()
    assert re.fullmatch(r"[0-9a-f]{32}", query_of(page)["id"][0])
    page.locator(".row", has_text="execute_tool").first.click()
    expect(page.locator(".inspector h2")).to_contain_text("execute_tool")
    page.get_by_role("link", name="Traces").last.click()
    expect(page.get_by_role("heading", name="Traces")).to_be_visible()
    assert query_of(page)["failed_tools"] == ["true"]


def test_a_time_dragged_over_narrows_the_list_of_runs(page: Page) -> None:
    page.goto("/traces?range=24h&sort=duration")
    bars = page.locator(".st-key-histogram .point path")
    expect(bars.first).to_be_visible()
    left, right = (bars.nth(place).bounding_box() for place in (4, 8))
    assert left is not None
    assert right is not None
    y = left["y"] + left["height"] / 2
    page.mouse.move(left["x"] - 2, y)
    page.mouse.down()
    page.mouse.move(right["x"] + right["width"] + 2, y, steps=6)
    page.mouse.up()
    expect(page).to_have_url(re.compile("range=2026"))
    start, _, until = query_of(page)["range"][0].partition("/")
    hours = (int(until[-5:-3]) - int(start[-5:-3])) % 24
    assert hours == 5
    assert "outcome" not in query_of(page)


def test_a_bar_leads_to_the_runs_of_its_time_and_outcome(page: Page) -> None:
    page.goto("/")
    bars = page.locator(".st-key-outcomes_card .point path")
    expect(bars.first).to_be_visible()
    bars.nth(2).click(force=True)
    expect(page.get_by_role("heading", name="Traces")).to_be_visible()
    query = query_of(page)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:00/\d\d:00", query["range"][0])
    assert query["outcome"] == ["success"]
    page.go_back()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(6)
    assert query_of(page) == {}


def test_back_returns_from_the_menu_and_from_a_run_to_the_view_that_was_left(page: Page) -> None:
    page.goto("/traces?range=7d&outcome=failure")
    page.locator("tbody a").first.click()
    expect(page.locator(".waterfall")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Traces")).to_be_visible()
    assert query_of(page) == {"range": ["7d"], "outcome": ["failure"]}
    page.locator(".st-key-menu").get_by_role("link", name="Tools", exact=True).click()
    expect(page.get_by_role("heading", name="Tools", exact=True)).to_be_visible()
    assert query_of(page) == {"range": ["7d"]}
    page.go_back()
    expect(page.get_by_role("heading", name="Traces")).to_be_visible()
    assert query_of(page) == {"range": ["7d"], "outcome": ["failure"]}


def test_ten_thousand_spans_stay_usable_by_mouse_and_keys(page: Page) -> None:
    page.goto(f"/trace?id={BIG}")
    expect(page.locator(".tally")).to_contain_text("10\u202fk spans")
    assert page.locator(".row").count() < 60
    page.locator(".body").evaluate("body => { body.scrollTop = 5000 * 27; }")
    expect(page.locator(".row[id^=span-50]").first).to_be_visible()
    page.get_by_placeholder("Filter spans").fill("parse_pdf")
    expect(page.locator(".tally")).to_contain_text(" of ")
    page.get_by_placeholder("Filter spans").fill("")
    page.get_by_role("button", name=re.compile("Errors only")).click()
    expect(page.locator(".row.failed").first).to_be_visible()
    page.get_by_role("button", name=re.compile("Errors only")).click()
    page.get_by_role("button", name="Collapse all").click()
    assert page.locator(".row").count() < 60
    expect(page.locator(".hidden-errors").first).to_be_visible()
    assert page.locator("*").count() < 2_500
    page.get_by_role("button", name="Expand all").click()
    page.locator(".body").focus()
    page.keyboard.press("Home")
    expect(page.locator("#span-0")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".inspector h2")).to_contain_text("invoke_agent research-brief")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#span-1")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#span-1")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_disabled()
    page.keyboard.press("e")
    expect(page.locator(".row[aria-selected=true]")).to_have_class(re.compile("failed"))


def test_back_shows_the_span_before(page: Page) -> None:
    page.goto(f"/trace?id={'c' * 32}")
    expect(page.locator(".row")).to_have_count(3)
    first = page.locator(".row[aria-selected=true] .label").inner_text()
    page.locator(".row").nth(0).click()
    expect(page.locator(".inspector h2")).not_to_have_text(first)
    page.go_back()
    expect(page.locator(".inspector h2")).to_have_text(first)
    expect(page.locator(".row[aria-selected=true] .label")).to_have_text(first)


def test_hostile_telemetry_is_shown_as_text(page: Page) -> None:
    page.goto(f"/trace?id={'d' * 32}")
    expect(page.locator(".inspector h2")).to_contain_text("<script>window.hacked=1</script>")
    for name in ("Attributes", "Events", "Raw", "Messages"):
        page.get_by_role("tab", name=re.compile(name)).click()
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("td", has_text="<script>").first).to_be_visible()


def test_a_firing_alert_leads_to_its_runs_and_to_a_silence(page: Page) -> None:
    page.goto("/alerts")
    expect(page.get_by_role("heading", name="web search fails")).to_be_visible()
    page.get_by_role("link", name="Show the runs").first.click()
    expect(page.get_by_role("heading", name="Traces")).to_be_visible()
    assert query_of(page)["tool"] == ["web_search"]
    page.go_back()
    page.get_by_role("button", name="Silence…").first.click()
    page.get_by_label("Who are you?").fill("kim")
    page.get_by_label("Why?").fill("we know")
    page.get_by_role("button", name="Silence", exact=True).click()
    expect(page.get_by_text("silenced until").first).to_be_visible()


def test_tables_are_gone_through_with_keys_and_focus_is_seen(page: Page) -> None:
    page.goto("/traces")
    rows = page.locator("tbody tr")
    rows.first.get_by_role("link").focus()
    page.keyboard.press("ArrowDown")
    second = rows.nth(1)
    expect(second.get_by_role("link")).to_be_focused()
    assert second.evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".waterfall")).to_be_visible()


def test_a_query_is_asked_shown_as_a_chart_and_comes_back_by_reload(page: Page) -> None:
    page.goto("/explore?range=7d")
    page.get_by_role("button", name="Slowest tools").click()
    expect(page.get_by_text("rows in").first).to_be_visible()
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible()
    assert "FROM tool_calls" in query_of(page)["sql"][0]
    page.reload()
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible()


_WATCH_FOR_FLICKER = """() => {
    window.seen = {tiles: 6, charts: 99, opacity: 1, height: 1};
    const content = () => document.querySelector('.st-key-content');
    const before = content().getBoundingClientRect().height;
    const look = () => {
        const tiles = document.querySelectorAll('[data-testid=stBidiComponentRegular], .stBidiComponent').length;
        window.seen.charts = Math.min(window.seen.charts, document.querySelectorAll('.main-svg').length);
        window.seen.height = Math.min(window.seen.height, content().getBoundingClientRect().height / before);
        for (const part of content().querySelectorAll('[data-stale], .stElementContainer')) {
            window.seen.opacity = Math.min(window.seen.opacity, Number(getComputedStyle(part).opacity));
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def test_an_empty_store_turns_live_stays_steady_and_greys_when_the_store_fails(
    browser: Browser, tmp_path: Path
) -> None:
    with served(tmp_path, None) as url, watched(browser, url) as page:
        page.clock.install()
        page.goto("/")
        expect(page.get_by_text("Waiting for the first span")).to_be_visible()
        expect(page.get_by_text("OTEL_EXPORTER_OTLP_ENDPOINT").first).to_be_visible()
        assert ask(url, "fill") == "filled"
        page.clock.fast_forward(3_000)
        expect(page.locator(".tile")).to_have_count(6)

        page.get_by_text("Live", exact=True).click()
        expect(page).to_have_url(re.compile("live=true"))
        await_drawn(page)
        charts = page.locator(".main-svg").count()
        page.evaluate(_WATCH_FOR_FLICKER)
        runs = page.locator(".tile", has_text="Runs").locator(".value")
        before = runs.inner_text()
        assert ask(url, "fill") == "filled"
        page.clock.fast_forward(10_000)
        expect(runs).not_to_have_text(before)
        seen = page.evaluate("window.seen")
        assert seen["opacity"] == 1
        assert seen["height"] > 0.95
        assert seen["charts"] >= charts

        assert ask(url, "close-store") == "closed"
        page.clock.fast_forward(10_000)
        notice = page.locator(".notice", has_text="The store does not answer.")
        expect(notice).to_contain_text("What you see was read at")
        expect(page.locator(".tile")).to_have_count(6)
        assert page.locator(".st-key-content").evaluate("part => getComputedStyle(part).filter") != "none"


def ask(url: str, what: str) -> str:
    with urllib.request.urlopen(f"{url}/testing/{what}") as answer:
        return answer.read().decode()
