"""Asks five questions as a new user would, over the demo's faults: `python -m tests.questions [DIRECTORY]`.

Starts `spanledger demo --backfill 30d` in a directory of its own, then goes from the first page by what it shows
alone. Each answer is held against the fault that the demo injected, timed (a minute at most), and photographed.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect, sync_playwright

from spanledger.demo.faults import OPUS_TUESDAY, PROMPT_8, SCRIPT_USER, WEB_SEARCH_LIMITED
from tests.dashboard.browsing import ARGUMENTS, CHROMIUM
from tests.screenshots import photograph

MOST_SECONDS: Final = 60.0
READY_WITHIN_S: Final = 900.0
_MENU_PATIENCE_MS: Final = 55_000


@dataclass(frozen=True)
class Question:
    """What a person wants to know, and how the pages are gone through to know it; returns the answer in words."""

    name: str
    text: str
    ask: Callable[[Page, datetime], str]


def which_tool_broke(page: Page, now: datetime) -> str:
    show_range(page, "30d")
    said = read_notice(page, "web_search broke")
    start, until = WEB_SEARCH_LIMITED.period(now)
    days = re.findall(r"(\d+ \w{3}) 00:00", said)
    assert days[0] in (say_day(start), say_day(next_day(start))), said
    assert days[1] in (say_day(until), say_day(next_day(until))), said
    assert "RateLimited" in said, said
    return said


def why_did_cost_double(page: Page, now: datetime) -> str:
    open_page(page, "Cost")
    show_range(page, "30d")
    said = read_notice(page, f"Tuesday {say_day(OPUS_TUESDAY.period(now)[0])} cost")
    assert "claude-opus-4-1 of code-reviewer" in said, said
    assert re.search(r"(1\.[789]|2\.\d)× a usual weekday", said), said
    return said


def which_prompt_is_better(page: Page, _: datetime) -> str:
    open_page(page, "Compare")
    show_range(page, "7d")
    page.get_by_role("radio", name="prompt version").click()
    said = read_notice(page, "8 against 7")
    assert PROMPT_8.agent in said, said
    worse = said.partition("orse:")[2].partition(";")[0]
    assert "success rate" in worse, said
    assert "resolution rate" in worse, said
    return said


def who_is_over_budget(page: Page, _: datetime) -> str:
    open_page(page, "Users")
    said = read_notice(page, "Over budget.")
    assert SCRIPT_USER in said, said
    assert "more)" not in said, said
    return said


def which_run_proves_it(page: Page, _: datetime) -> str:
    show_range(page, "30d")
    page.locator(".notice", has_text="web_search broke").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Traces", exact=True)).to_be_visible(timeout=_MENU_PATIENCE_MS)
    page.locator("tbody tr").first.get_by_role("link").click()
    page.get_by_role("button", name=re.compile("Errors only")).click()
    page.locator(".row.failed", has_text="web_search").first.click()
    head = page.locator(".inspector")
    expect(head).to_contain_text("execute_tool web_search")
    expect(head).to_contain_text("RateLimited")
    return f"{page.url.partition('?')[2]}: {' '.join(head.inner_text().split())[:120]}"


QUESTIONS: Final = (
    Question("answer-tool", "Which tool broke, and when?", which_tool_broke),
    Question("answer-cost", "Why did cost double on Tuesday?", why_did_cost_double),
    Question("answer-prompt", "Which prompt version is better?", which_prompt_is_better),
    Question("answer-budget", "Which user is over budget?", who_is_over_budget),
    Question("answer-run", "Show the run that proves it.", which_run_proves_it),
)


def main(target: str = "docs/screens", url: str = "", started: str = "") -> int:
    """Ask all questions; `url` and `started` name a demo that runs already and when it began. Status 1: no answer."""
    directory = Path(target)
    directory.mkdir(parents=True, exist_ok=True)
    if url:
        return ask_all(url, datetime.fromisoformat(started).replace(tzinfo=UTC), directory)
    with tempfile.TemporaryDirectory(prefix="questions-") as scratch, run_demo(Path(scratch)) as (url, now):
        return ask_all(url, now, directory)


def ask_all(url: str, now: datetime, directory: Path) -> int:
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for question in QUESTIONS:
            context = browser.new_context(viewport={"width": 1440, "height": 1000})
            page = context.new_page()
            page.set_default_timeout(_MENU_PATIENCE_MS)
            began = time.monotonic()
            try:
                page.goto(url)
                answer = question.ask(page, now)
                seconds = time.monotonic() - began
                assert seconds < MOST_SECONDS, f"it took {seconds:.0f} s"
                print(f"{question.text} {seconds:.1f} s: {answer}", flush=True)
            except Exception as error:  # noqa: BLE001 - the other questions are still asked
                failed = 1
                print(f"{question.text} NO ANSWER: {error}", flush=True)
            photograph(page, directory / question.name)
            context.close()
        browser.close()
    return failed


def open_page(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True).first).to_be_visible()


def show_range(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()
    expect(page).to_have_url(re.compile(f"range={name}"))


def read_notice(page: Page, begins: str) -> str:
    notice = page.locator(".notice", has_text=begins).first
    expect(notice).to_be_visible(timeout=_MENU_PATIENCE_MS)
    return " ".join(notice.inner_text().split())


def say_day(at: datetime) -> str:
    return f"{at.day} {at:%b}"


def next_day(at: datetime) -> datetime:
    return datetime.fromtimestamp(at.timestamp() + 86_400, UTC)


@contextmanager
def run_demo(directory: Path) -> Generator[tuple[str, datetime]]:
    """Run a demo with a month of history; yields its address and when it began to play, once all is queryable."""
    ports = [free_port() for _ in range(3)]
    names = ("SPANLEDGER_COLLECTOR_HTTP", "SPANLEDGER_COLLECTOR_GRPC", "SPANLEDGER_DASHBOARD_HTTP")
    addresses = dict(zip(names, (f"127.0.0.1:{port}" for port in ports), strict=True))
    command = [
        str(Path(sys.executable).with_name("spanledger")),
        "demo",
        "--backfill",
        "30d",
        "--speed",
        "0.2",
    ]
    log = directory / "demo.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--data", str(directory / "data")], env={**os.environ, **addresses},
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            began = datetime.now(UTC)
            await_line(log, "Open http", process)
            yield f"http://127.0.0.1:{ports[2]}", began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def await_line(log: Path, text: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while text not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the demo did not get ready: {log.read_text(errors='replace')[-2_000:]}")
        time.sleep(0.5)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
