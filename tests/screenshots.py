"""Photographs every page and state in a real browser: `python -m tests.screenshots [DIRECTORY]` (docs/screens).

The data are those of tests/dashboard/seed.py and the clock stands, so that two runs give the same pictures.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from alerts.messages.mail_html import render_html
from alerts.messages.model import Example
from store import open_control, open_store
from tests.alerts.building import a_message, an_item
from tests.dashboard.conftest import NOW, served
from tests.dashboard.seed import big_trace, fill, odd_traces, simulate
from tests.dashboard.seed_control import fill_control

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run", "--hide-scrollbars",
)  # fmt: skip
COLOURS = 256
LONG = f"{2_000:032x}"


@dataclass(frozen=True)
class Shot:
    """A picture: its name, the address, what must be there, and how it is looked at."""

    name: str
    path: str
    awaited: str
    width: int = 1440
    height: int = 1060
    scheme: str = "light"


SHOTS = (
    Shot("overview", "/", ".tile"),
    Shot("overview-dark", "/", ".tile", scheme="dark"),
    Shot("overview-month", "/?range=30d", ".tile"),
    Shot("overview-narrow", "/", ".tile", width=390, height=2300),
    Shot("overview-wide", "/?range=7d", ".tile", width=2560, height=1100),
    Shot("overview-small-numbers", "/?range=1h&agent=research-brief", ".tile"),
    Shot("overview-nothing-found", "/?range=1h&agent=nobody", ".st-key-empty", height=700),
    Shot("traces", "/traces", "tbody tr", height=900),
    Shot("traces-dark", "/traces?outcome=failure&sort=dearest", "tbody tr", height=900, scheme="dark"),
    Shot("trace", "/trace?id={failed}", ".row", height=960),
    Shot("trace-dark", "/trace?id={failed}", ".row", height=960, scheme="dark"),
    Shot("trace-long", f"/trace?id={LONG}", ".row", height=960),
    Shot("trace-narrow", f"/trace?id={LONG}", ".row", width=390, height=1900),
    Shot("trace-running", f"/trace?id={'a' * 32}", ".row", height=900),
    Shot("trace-without-root", f"/trace?id={'b' * 32}", ".row", height=900),
    Shot("trace-hostile", f"/trace?id={'d' * 32}", ".row", height=900),
    Shot("trace-unknown", f"/trace?id={'f' * 32}", ".st-key-empty", height=600),
)
FAILING = (
    Shot("store-failing", "/", ".tile"),
    Shot("store-failing-never-read", "/?range=6h&agent=support-triage", "[role=alert]", height=600),
)
EMPTY = (
    Shot("empty", "/", ".st-key-empty code", height=700),
    Shot("empty-dark", "/", ".st-key-empty code", height=700, scheme="dark"),
)


def main(target: str = "docs/screens") -> None:
    """Write all pictures into `target`."""
    directory = Path(target)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        failed = seed(Path(scratch) / "seeded")
        with served(Path(scratch) / "seeded", NOW) as url:
            for shot in SHOTS:
                take(browser, url, shot, directory, failed)
            browser.new_page().goto(f"{url}/testing/close-store")
            for shot in FAILING:
                take(browser, url, shot, directory, failed)
        with served(Path(scratch) / "empty", NOW) as url:
            for shot in EMPTY:
                take(browser, url, shot, directory, failed)
        for width in (760, 390):
            take_mail(browser, width, directory)
        browser.close()


def take_mail(browser: Browser, width: int, directory: Path) -> None:
    """Take a picture of a message as a mail shows it."""
    second = {"fingerprint": "f2", "alert": "slow runs", "severity": "warning", "value_text": "24 s"}
    message = a_message(
        an_item(
            facts={"In the 7 days before": "97.4 %", "Failing": "31 of 62 runs, 9 users", "Cost": "at least $4.20"},
            examples=(Example("10:01 timeout support", "http://127.0.0.1:8501/trace?id=1"),),
            silence_command="spanledger alerts silence 'alert=\"success rate\"' --for 2h --comment …",
        ),
        an_item(**second, summary="5 of 100 runs of research take longer than 24 s", threshold_text="20 s",
                labels={"agent": "research"}, reason="Run latency p95 is 24 s, above 20 s, over 1h"),
        reason="new_alerts",
    )  # fmt: skip
    page = browser.new_page(viewport={"width": width, "height": 1000})
    page.set_content(render_html(message))
    name = "mail" if width > 500 else "mail-narrow"
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(directory / f"{name}.png", optimize=True)
    page.close()
    print(f"{name}.png")


def seed(directory: Path) -> str:
    """Fill a store with a month and some odd traces; return the id of a run that failed."""
    facts = simulate(NOW, runs_per_hour=45)
    candidates = [run for run in facts.runs if run["outcome"] == "failure" and run["unpriced_calls"]]
    big_trace(facts, NOW, 2_000)
    odd_traces(facts, NOW, days_ago=20)
    store = open_store(directory)
    fill(store, facts, now=NOW)
    store.close()
    control = open_control(directory)
    fill_control(control, NOW)
    control.close()
    return candidates[-1]["trace_id"]


def take(browser: Browser, url: str, shot: Shot, directory: Path, failed: str) -> None:
    """Take one picture once nothing is running any more."""
    with opened(browser, shot) as page:
        page.goto(url + shot.path.format(failed=failed))
        page.locator(shot.awaited).first.wait_for(timeout=60_000)
        page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
        page.wait_for_function(
            "[...document.querySelectorAll('.stPlotlyChart')].every(chart => chart.querySelector('.main-svg'))"
        )
        page.wait_for_timeout(800)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(
            directory / f"{shot.name}.png", optimize=True
        )
        print(f"{shot.name}.png")


@contextmanager
def opened(browser: Browser, shot: Shot) -> Generator[Page]:
    scheme = "dark" if shot.scheme == "dark" else "light"
    context = browser.new_context(viewport={"width": shot.width, "height": shot.height}, color_scheme=scheme)
    try:
        yield context.new_page()
    finally:
        context.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
