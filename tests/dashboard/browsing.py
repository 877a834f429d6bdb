"""A real browser over the pages, that fails a test for whatever a page asked others for or complained about."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

expect.set_options(timeout=30_000)
CHROMIUM: Final = "/usr/bin/chromium"
ARGUMENTS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--hide-scrollbars",
)  # fmt: skip
PROBES: Final = ("/_stcore/health", "/_stcore/host-config")
"""Streamlit looks for its server below the address of the page first, and the browser notes each that is not there."""


@contextmanager
def watched(browser: Browser, address: str, **options: Any) -> Generator[Page]:
    """Open a page; when the block ends nobody but our server was asked, and no script and no console had an error."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, base_url=address, **options)
    page = context.new_page()
    page.set_default_timeout(30_000)
    asked: list[str] = []
    broken: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda message: broken.extend(find_complaint(message)))
    try:
        yield page
        own = (address, address.replace("http", "ws"), "blob:", "data:")
        foreign = [url for url in asked if not url.startswith(own)]
        assert not foreign, foreign
        assert not broken, broken
        assert page.evaluate("window.hacked") is None
    finally:
        context.close()


def find_complaint(message: ConsoleMessage) -> list[str]:
    """Return what the console says went wrong, if it does."""
    url = str(message.location.get("url", ""))
    is_probe = urlsplit(url).path.endswith(PROBES) and "404" in message.text
    return [] if message.type != "error" or is_probe else [f"{message.text} ({url})"]


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def await_drawn(page: Page) -> None:
    """Wait until the page stands still: nothing is asked any more, and every chart is drawn."""
    page.locator(".stMain .sl > *, .stMain .st-key-empty").first.wait_for()
    page.wait_for_function(
        "!document.querySelector('[data-testid=stStatusWidget], [data-testid=stSpinner], [data-testid=stSkeleton]') && "
        "[...document.querySelectorAll('.stPlotlyChart')].every(chart => chart.querySelector('.main-svg'))"
    )
