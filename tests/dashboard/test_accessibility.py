"""axe-core over every page, light and dark: what is ours has no serious violation."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dashboard.menu import PAGES
from tests.dashboard.conftest import NOW, served
from tests.dashboard.test_browser import ARGUMENTS

pytestmark = pytest.mark.skipif(
    not os.environ.get("SPANLEDGER_TEST_AXE"), reason="two minutes of browser; SPANLEDGER_TEST_AXE=1 runs it"
)
AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
STREAMLIT_S_OWN: Final = {
    "scrollable-region-focusable": "st.text's <pre> and containers with a height scroll, but take no focus; neither "
    "lets us set tabindex. Our own regions that scroll hold links.",
}
"""Rules that Streamlit's own elements break, and why we cannot mend them."""
SERIOUS: Final = ("serious", "critical")
_RUN: Final = """() => axe.run({exclude: [".js-plotly-plot"]}, {
    runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    resultTypes: ["violations"],
})"""
IN_DARK: Final = ("/", "/traces", "/cost", "/alerts", "/drift", f"/trace?id={'d' * 32}")
"""Dark differs from light in colours alone, and every kind of element is on these."""
ADDRESSES: Final = (
    *(f"/{entry.path}" for entry in PAGES if entry.section),
    "/tools?tool=web_search&range=7d",
    "/compare?what=prompt+version&range=7d",
    "/explore?sql=SELECT+agent,+count(*)+AS+runs+FROM+runs+GROUP+BY+agent",
    f"/trace?id={'d' * 32}",
    "/?agent=nobody",
)


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


def find_violations(page: Page) -> list[str]:
    """Return serious violations with the elements they are of; those of Streamlit itself are left out."""
    page.evaluate(AXE)
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
        for one in page.evaluate(_RUN)["violations"]
        if one["impact"] in SERIOUS and one["id"] not in STREAMLIT_S_OWN
        for node in one["nodes"]
    ]


def open_and_settle(page: Page, path: str) -> None:
    page.goto(path)
    page.locator(".stMain .sl > *, .stMain .st-key-empty").first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget], [data-testid=stSpinner]')")
    page.wait_for_function(
        "[...document.querySelectorAll('.stPlotlyChart')].every(chart => chart.querySelector('.main-svg'))"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_violation(browser: Browser, address: str, scheme: Any) -> None:
    context = browser.new_context(
        viewport={"width": 1440, "height": 1000}, base_url=address, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    violations: dict[str, list[str]] = {}
    for path in ADDRESSES if scheme == "light" else IN_DARK:
        open_and_settle(page, path)
        for found in find_violations(page):
            violations.setdefault(found, []).append(path)
    context.close()
    assert not violations, "\n".join(f"{', '.join(paths)}: {found}" for found, paths in violations.items())
