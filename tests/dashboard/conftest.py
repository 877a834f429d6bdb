"""A seeded store, opened here for AppTest and served by a process of its own for a real browser."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st

from dashboard.saved import FILE_NAME
from dashboard.services import Services, current, install
from dashboard.theme import apply_settings
from store import Store, open_control, open_store
from tests.dashboard.seed import big_trace, fill, odd_traces, simulate
from tests.dashboard.seed_control import fill_control, parse_rules

NOW = datetime(2026, 11, 20, 15, 20)  # noqa: DTZ001
NOW_UTC = NOW.replace(tzinfo=UTC)
BIG = f"{10_000:032x}"


@dataclass
class HandClock:
    """A clock that stands until it is set."""

    at: datetime = NOW_UTC

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="session")
def seeded_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with three days of runs, a trace of 10,000 spans and some odd traces."""
    directory = tmp_path_factory.mktemp("seeded")
    facts = simulate(NOW, days=2.2, runs_per_hour=14)
    big_trace(facts, NOW, 10_000)
    odd_traces(facts, NOW)
    store = open_store(directory)
    fill(store, facts, now=NOW)
    store.close()
    control = open_control(directory)
    fill_control(control, NOW)
    control.close()
    return directory


@contextmanager
def opened(directory: Path, clock: HandClock) -> Generator[Store]:
    """Open the store in `directory` as what the pages of this process read, and leave them what they read before."""
    before = _installed()
    store, control = open_store(directory), open_control(directory)
    install(
        Services(
            store=store,
            control=control,
            started_at=clock(),
            clock=clock,
            find_alerting=parse_rules,
            saved_file=directory / FILE_NAME,
        )
    )
    apply_settings()
    st.cache_data.clear()
    try:
        yield store
    finally:
        store.close()
        control.close()
        st.cache_data.clear()
        if before is not None:
            install(before)


def _installed() -> Services | None:
    try:
        return current()
    except RuntimeError:
        return None


@pytest.fixture(scope="session")
def copied_dir(seeded_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("copied") / "data"
    shutil.copytree(seeded_dir, directory)
    return directory


@contextmanager
def served(directory: Path, now: datetime | None) -> Generator[str]:
    """Serve `directory` from a process of its own; yields the base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.dashboard.serving", str(directory), str(port)]
    process = subprocess.Popen([*command, now.isoformat()] if now else command, cwd=Path(__file__).parents[2])
    try:
        _await_health(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def address(seeded_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The seeded data, served for browsers; the server has them to itself."""
    directory = tmp_path_factory.mktemp("served") / "data"
    shutil.copytree(seeded_dir, directory)
    with served(directory, NOW) as url:
        yield url


def _await_health(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 180 s")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def seeded(seeded_dir: Path, clock: HandClock) -> Iterator[Store]:
    with opened(seeded_dir, clock) as store:
        yield store


@pytest.fixture
def empty(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    with opened(tmp_path, clock) as store:
        yield store
