"""Photographs every page and state in a real browser: `python -m tests.screenshots [DIRECTORY]` (docs/screens).

The data are those of tests/dashboard/seed.py and the clock stands, so that two runs give the same pictures.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from alerts.messages.mail_html import render_html
from alerts.messages.model import Example
from dashboard.saved import FILE_NAME, Saved, SavedQuery, write_saved
from store import open_control, open_store
from tests.alerts.building import a_message, an_item
from tests.dashboard.browsing import ARGUMENTS, CHROMIUM, await_drawn
from tests.dashboard.conftest import NOW, served
from tests.dashboard.seed import big_trace, fill, odd_traces, simulate
from tests.dashboard.seed_control import fill_control

QUALITY = 80
_IN_RANGE = "started_at >= :start AND started_at < :until"
BY_HOUR = f"""SELECT date_trunc('hour', started_at) AS hour_at, agent, count(*) AS runs
FROM runs WHERE {_IN_RANGE}
GROUP BY hour_at, agent ORDER BY hour_at"""
DEAREST = f"""SELECT user_id, sum(cost_usd) AS cost_usd
FROM runs WHERE {_IN_RANGE}
GROUP BY user_id ORDER BY cost_usd DESC NULLS LAST LIMIT 10"""
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
    Shot("traces-narrow", "/traces", "tbody tr", width=390, height=1500),
    Shot("traces-wide", "/traces?range=7d", "tbody tr", width=2560, height=1100),
    Shot("traces-dark", "/traces?outcome=failure&sort=dearest", "tbody tr", height=900, scheme="dark"),
    Shot("trace", "/trace?id={failed}", ".row", height=960),
    Shot("trace-dark", "/trace?id={failed}", ".row", height=960, scheme="dark"),
    Shot("trace-long", f"/trace?id={LONG}", ".row", height=960),
    Shot("trace-narrow", f"/trace?id={LONG}", ".row", width=390, height=1900),
    Shot("trace-running", f"/trace?id={'a' * 32}", ".row", height=900),
    Shot("trace-without-root", f"/trace?id={'b' * 32}", ".row", height=900),
    Shot("trace-hostile", f"/trace?id={'d' * 32}", ".row", height=900),
    Shot("trace-wide", f"/trace?id={LONG}", ".row", width=2560, height=1200),
    Shot("trace-beside-another", "/trace?id={failed}&with={other}&step={step}", ".sides", height=1300),
    Shot("sessions", "/sessions?range=7d&long=true", "tbody tr", height=800),
    Shot("conversation", "/sessions?id={session}", ".turn", height=1000),
    Shot("conversation-narrow", "/sessions?id={session}", ".turn", width=390, height=1500),
    Shot("cost", "/cost?range=7d", ".tile", height=1900),
    Shot("cost-dark", "/cost?range=7d&by=user", ".tile", scheme="dark"),
    Shot("cost-wide", "/cost?range=30d&instead_of=gpt-5-mini", ".tile", width=2560, height=1900),
    Shot("cost-narrow", "/cost", ".tile", width=390, height=2400),
    Shot("tools", "/tools", ".tile", height=1250),
    Shot("tools-one", "/tools?tool=web_search", ".st-key-one_tool", height=1850),
    Shot("tools-wide", "/tools?range=7d", ".tile", width=2560, height=1100),
    Shot("models", "/models", ".tile", height=1000),
    Shot("models-dark", "/models?range=30d", ".tile", height=1000, scheme="dark"),
    Shot("users", "/users?range=7d", ".tile", height=900),
    Shot("quality", "/quality?range=7d", ".tile", height=1500),
    Shot("compare", "/compare?range=30d&what=prompt+version", "tbody tr", height=950),
    Shot("drift", "/drift", "tbody tr", height=950),
    Shot("drift-dark", "/drift?alarm=0f1e2d3c4b5a6978", "tbody tr", height=950, scheme="dark"),
    Shot("drift-narrow", "/drift", "tbody tr", width=390, height=2000),
    Shot("alerts", "/alerts", ".stPlotlyChart", height=950),
    Shot("alerts-dark", "/alerts", ".stPlotlyChart", height=950, scheme="dark"),
    Shot("alerts-narrow", "/alerts", ".stPlotlyChart", width=390, height=1700),
    Shot("alerts-decisions", "/alerts?show=decisions", "tbody tr", height=500),
    Shot("explore", "/explore?{sql}&chart=bars&x=hour_at&y=runs&by=agent", ".stPlotlyChart", height=900),
    Shot(
        "explore-dark",
        "/explore?{sql}&chart=lines&x=hour_at&y=runs&by=agent",
        ".stPlotlyChart",
        scheme="dark",
    ),
    Shot("explore-start", "/explore", "tbody tr", height=800),
    Shot("dashboards", "/dashboards", ".stPlotlyChart", height=850),
    Shot("system", "/system", ".tile", height=1150),
    Shot("system-dead-letters", "/system?show=dead+letters", "tbody tr", height=600),
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


MAILS: Final[Sequence[tuple[str, int, Literal["light", "dark"]]]] = (
    ("mail", 760, "light"),
    ("mail-dark", 760, "dark"),
    ("mail-narrow", 390, "light"),
)


def main(target: str = "docs/screens") -> None:
    """Write all pictures into `target`."""
    directory = Path(target)
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        named = seed(Path(scratch) / "seeded")
        with served(Path(scratch) / "seeded", NOW) as url:
            for shot in SHOTS:
                take(browser, url, shot, directory, named)
            browser.new_page().goto(f"{url}/testing/close-store")
            for shot in FAILING:
                take(browser, url, shot, directory, named)
        with served(Path(scratch) / "empty", NOW) as url:
            for shot in EMPTY:
                take(browser, url, shot, directory, named)
        for name, width, scheme in MAILS:
            take_mail(browser, directory / name, width, scheme)
        browser.close()


def take_mail(browser: Browser, path: Path, width: int, scheme: Literal["light", "dark"]) -> None:
    """Take a picture of a message as a mail shows it."""
    matchers = "'alert=\"success rate\"' 'agent=\"support\"'"
    second = {"fingerprint": "f2", "alert": "slow runs", "severity": "warning", "value_text": "24 s"}
    message = a_message(
        an_item(
            facts={"In the 7 days before": "97.4 %", "Failing": "20 of 40 runs, 9 users", "Cost": "at least $4.20"},
            examples=tuple(Example(f"{at} timeout support", f"http://d/trace?id={at}") for at in ("10:06", "10:03")),
            silence_command=f"spanledger alerts silence {matchers} --for 2h --comment …",
        ),
        an_item(**second, summary="5 of 100 runs of research take longer than 24 s", threshold_text="20 s",
                labels={"agent": "research"}, reason="Run latency p95: 24 s, above 20 s, in the last hour (44 runs)"),
        reason="new_alerts",
    )  # fmt: skip
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    page.set_content(render_html(message))
    photograph(page, path, is_whole=True)
    page.close()


def seed(directory: Path) -> dict[str, str]:
    """Fill a store with a month, odd traces, alerts and a board; return what addresses name."""
    facts = simulate(NOW, runs_per_hour=45)
    of_agent = [run for run in facts.runs if run["agent"] == "code-reviewer" and run["outcome"] == "success"]
    candidates = [run for run in facts.runs if run["outcome"] == "failure" and run["unpriced_calls"]]
    big_trace(facts, NOW, 2_000)
    odd_traces(facts, NOW, days_ago=20)
    store = open_store(directory)
    fill(store, facts, now=NOW)
    store.close()
    control = open_control(directory)
    fill_control(control, NOW)
    control.close()
    saved = Saved().with_query(
        SavedQuery("success by agent", metric="success_rate", by="agent", chart="lines"), "support"
    )
    saved = saved.with_query(
        SavedQuery("dearest users", sql=DEAREST, chart="bars", x="user_id", y="cost_usd"), "support"
    )
    write_saved(directory / FILE_NAME, saved)
    longest = max(facts.sessions, key=lambda session: session["runs"])
    return {
        "failed": candidates[-1]["trace_id"],
        "other": of_agent[-1]["trace_id"],
        "step": next(
            span["span_id"]
            for span in facts.spans
            if span["trace_id"] == candidates[-1]["trace_id"] and span["kind"] == "llm"
        ),
        "session": longest["session_id"],
        "sql": urlencode({"sql": BY_HOUR}),
    }


def take(browser: Browser, url: str, shot: Shot, directory: Path, named: dict[str, str]) -> None:
    """Take one picture once nothing is running any more."""
    with opened(browser, shot) as page:
        page.goto(url + shot.path.format(**named))
        page.locator(shot.awaited).first.wait_for(timeout=60_000)
        await_drawn(page)
        page.wait_for_timeout(1_200)
        await_drawn(page)
        photograph(page, directory / shot.name)


def photograph(page: Page, path: Path, *, is_whole: bool = False) -> None:
    """Write a picture of a page beside `path`, compressed so that its colours stay what they are."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=is_whole))).convert("RGB")
    picture.save(path.with_suffix(".webp"), quality=QUALITY, method=6)
    print(path.with_suffix(".webp").name, flush=True)


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
