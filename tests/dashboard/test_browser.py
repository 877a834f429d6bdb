"""The ways that people go, in a real browser, over a server of its own."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Generator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboard.menu import PAGES
from tests.dashboard.conftest import BIG, NOW, served

expect.set_options(timeout=30_000)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


@pytest.fixture(scope="module")
def address(copied_dir: Path) -> Generator[str]:
    with served(copied_dir, NOW) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Generator[Page]:
    """A page that fails the test when it asked anybody but our server, or when a script of it failed."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=address)
    page = context.new_page()
    page.set_default_timeout(30_000)
    asked: list[str] = []
    broken: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    foreign = [
        url for url in asked if not url.startswith((address, address.replace("http", "ws"), "blob:", "data:"))
    ]
    hacked = page.evaluate("window.hacked")
    context.close()
    assert foreign == []
    assert broken == []
    assert hacked is None


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


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


def test_overview_leads_to_a_tools_failures_to_the_run_to_the_span(page: Page) -> None:
    page.goto("/?range=7d&environment=production")
    page.locator("tr", has_text="web_search").get_by_role("link").click()
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


def test_a_phone_sees_everything_without_scrolling_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    listed = [f"/{entry.path}" for entry in PAGES if entry.section]
    for path in (*listed, f"/trace?id={BIG}"):
        page.goto(path)
        expect(page.locator(".stMain .sl > *").first).to_be_visible()
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390, path


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


def test_an_empty_store_turns_live_by_itself(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path, None) as url:
        page = browser.new_page()
        page.goto(url)
        expect(page.get_by_text("Waiting for the first span")).to_be_visible(timeout=20_000)
        expect(page.get_by_text("OTEL_EXPORTER_OTLP_ENDPOINT").first).to_be_visible()
        with urllib.request.urlopen(f"{url}/testing/fill") as answer:
            assert answer.read() == b"filled"
        expect(page.locator(".tile")).to_have_count(6)
        page.close()
