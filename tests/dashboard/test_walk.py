"""Through every page by the menu, as a person goes: axe-core finds nothing of ours, and a phone sees everything."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.menu import PAGES
from tests.dashboard.browsing import await_drawn, watched
from tests.dashboard.conftest import BIG

AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
STREAMLIT_S_OWN: Final = {
    "scrollable-region-focusable": "st.text's <pre> and containers with a height scroll, but take no focus; neither "
    "lets us set tabindex. Our own regions that scroll hold links.",
}
"""Rules that Streamlit's own elements break, and why we cannot mend them."""
SERIOUS: Final = ("serious", "critical")
_RUN: Final = """rules => axe.run({exclude: [".js-plotly-plot"]}, {
    runOnly: rules ?? {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    resultTypes: ["violations"],
})"""
_CONTRAST: Final = {"type": "rule", "values": ["color-contrast"]}
"""Dark differs from light in colours alone."""
IN_DARK: Final = ("Overview", "Traces", "Cost", "Alerts", "Drift", "Explore", "Dashboards")
"""Every kind of element is on these."""
BY_ADDRESS: Final = (
    "/tools?tool=web_search&range=7d",
    "/compare?what=prompt+version&range=7d",
    "/explore?sql=SELECT+agent,+count(*)+AS+runs+FROM+runs+GROUP+BY+agent",
    f"/trace?id={'d' * 32}",
    f"/trace?id={BIG}",
    "/?agent=nobody",
)
"""Views that the menu does not lead to."""


@dataclass
class Walk:
    """What was seen on the way."""

    violations: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    too_wide: list[str] = field(default_factory=list[str])

    def look(self, page: Page, name: str, rules: Any = None) -> None:
        """Look at the page as it stands, and as narrow as a phone."""
        await_drawn(page)
        for violation in find_violations(page, rules):
            self.violations.setdefault(violation, []).append(name)
        page.set_viewport_size({"width": 390, "height": 844})
        if page.evaluate("document.querySelector('.stMain').scrollWidth") > 390:
            self.too_wide.append(name)
        page.set_viewport_size({"width": 1440, "height": 1000})


def find_violations(page: Page, rules: Any = None) -> list[str]:
    """Return serious violations with the elements they are of; those of Streamlit itself are left out."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:240]}"
        for one in page.evaluate(_RUN, rules)["violations"]
        if one["impact"] in SERIOUS and one["id"] not in STREAMLIT_S_OWN
        for node in one["nodes"]
    ]


@pytest.fixture(scope="module")
def walk(browser: Browser, address: str) -> Generator[Walk]:
    """Walk once through everything; the tests below say what was found on the way."""
    walk = Walk()
    with watched(browser, address, color_scheme="light", bypass_csp=True) as page:
        page.goto("/")
        for title in (entry.title for entry in PAGES if entry.section):
            go_to(page, title)
            walk.look(page, title)
        for path in BY_ADDRESS:
            page.goto(path)
            walk.look(page, path)
        page.emulate_media(color_scheme="dark")
        page.goto(f"/trace?id={'d' * 32}")
        walk.look(page, "a trace in dark", _CONTRAST)
        for title in IN_DARK:
            go_to(page, title)
            walk.look(page, f"{title} in dark", _CONTRAST)
        yield walk


def go_to(page: Page, title: str) -> None:
    page.locator(".st-key-menu").get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title, exact=True).first).to_be_visible()


def test_no_page_has_a_serious_violation_in_light_or_dark(walk: Walk) -> None:
    assert not walk.violations, "\n".join(
        f"{', '.join(names)}: {found}" for found, names in walk.violations.items()
    )


def test_a_phone_sees_every_page_without_scrolling_sideways(walk: Walk) -> None:
    assert walk.too_wide == []
