"""What people do on the pages, in a real browser: compare runs, answer alerts and drift, choose their zone."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browsing import await_drawn, query_of, watched


@pytest.fixture
def page(browser: Browser, address: str) -> Generator[Page]:
    with watched(browser, address, timezone_id="Australia/Adelaide") as page:
        yield page


def test_times_move_to_the_readers_zone_and_the_address_keeps_it(page: Page) -> None:
    page.goto("/traces?range=24h")
    started = page.get_by_role("columnheader").first
    expect(started).to_have_text("Started (UTC)")
    await_drawn(page)
    zone = page.get_by_role("combobox", name="Times in")
    zone.click()
    zone.fill("Adelaide")
    zone.press("Enter")
    expect(started).to_have_text("Started (Australia/Adelaide)")
    assert query_of(page)["tz"] == ["Australia/Adelaide"]
    page.locator("tbody a").first.click()
    expect(page.locator(".facts").first).to_contain_text("Australia/Adelaide")
    page.reload()
    expect(page.locator(".facts").first).to_contain_text("Australia/Adelaide")


def test_two_runs_of_the_list_are_laid_side_by_side_down_to_what_was_said(page: Page) -> None:
    page.goto("/traces?agent=code-reviewer&range=7d")
    page.get_by_role("link", name="Compare two runs").click()
    expect(page.get_by_text("Choose the first of two runs")).to_be_visible()
    page.locator("tbody a").nth(0).click()
    expect(page.get_by_text("Choose the run to lay beside")).to_be_visible()
    page.locator("tbody a").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_have_count(2)
    first, second = query_of(page)["id"], query_of(page)["with"]
    assert first != second
    steps = page.get_by_role("table").nth(1)
    steps.locator("tbody tr", has_text="chat").first.get_by_role("link").click()
    expect(page.locator(".sides")).to_be_visible()
    page.get_by_role("link", name="Swap").click()
    expect(page.locator(".facts").first).to_contain_text(second[0])
    assert (query_of(page)["id"], query_of(page)["with"]) == (second, first)
    page.go_back()
    expect(page.locator(".facts").first).to_contain_text(first[0])


def test_an_alert_is_acknowledged_and_everybody_sees_by_whom(page: Page) -> None:
    page.goto("/alerts")
    card = page.locator("[class*=st-key-alert_]", has_text="success rate").first
    card.get_by_role("button", name="Respond…").click()
    page.get_by_label("Who are you?").first.fill("kim")
    page.get_by_role("button", name="Done").first.click()
    expect(card.get_by_text("acknowledged by kim")).to_be_visible()
    page.reload()
    expect(page.get_by_text("acknowledged by kim")).to_be_visible()


def test_an_alarm_of_drift_is_told_to_be_wrong_with_a_reason(page: Page) -> None:
    page.goto("/drift?alarm=0f1e2d3c4b5a6978")
    await_drawn(page)
    page.get_by_role("button", name="Right or wrong…").click()
    page.get_by_text("It is wrong").click()
    page.get_by_label("Who are you?").first.fill("kim")
    page.get_by_role("button", name="Keep").first.click()
    expect(page.get_by_text("there is no reason")).to_be_visible()
    page.get_by_label("Why?").first.fill("a holiday")
    page.get_by_role("button", name="Keep").first.click()
    expect(page.locator(".badge", has_text="dismissed")).to_be_visible()


def test_an_own_query_is_written_with_columns_from_the_list_saved_and_on_a_board(page: Page) -> None:
    page.goto("/explore?range=7d&view=tool_calls")
    page.get_by_label("Insert into the query").click()
    page.get_by_label("Insert into the query").fill("tool")
    page.get_by_role("option", name="tool", exact=True).click()
    editor = page.get_by_role("textbox", name="SQL")
    expect(editor).to_have_value(re.compile("SELECT tool"))
    editor.fill("SELECT tool, count(*) AS calls FROM tool_calls GROUP BY tool ORDER BY calls DESC")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible()
    page.get_by_role("button", name="Save…").click()
    page.get_by_label("Name").fill("calls by tool")
    page.get_by_role("textbox", name="On which board?").fill("tools")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("It is on the board tools.")).to_be_visible()
    page.goto("/dashboards?board=tools")
    expect(page.get_by_text("calls by tool")).to_be_visible()
    expect(page.locator(".stPlotlyChart .main-svg").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Open", exact=True).click()
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "answer.csv"
