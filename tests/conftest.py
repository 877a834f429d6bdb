"""What several packages' tests share."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from store import open_store
from store.engines.duckdb import instance

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# No example fails because the machine is busy: time is measured by the benchmarks. CI tries the same examples
# each time, so that it speaks of the change; everybody else tries new ones.
settings.register_profile("spanledger", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("spanledger")


@pytest.fixture(scope="session", autouse=True)
def schema_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Begin every new database of this process with a copy of an empty one: making the schema takes 0.4 s of CPU."""
    directory = tmp_path_factory.mktemp("schema")
    open_store(directory).close()
    (empty,) = directory.glob("*.duckdb")
    open_really = instance.open_database

    def open_copy(path: Path, *arguments: Any) -> Any:
        if path.parent.is_dir() and not path.exists():
            shutil.copy(empty, path)
        return open_really(path, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instance, "open_database", open_copy)
        yield


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """Drive one real browser per file: while it is driven, an event loop counts as running in the test thread."""
    # Most tests need no browser, so they do not wait for what drives one.
    from playwright.sync_api import sync_playwright

    from tests.dashboard.browsing import ARGUMENTS, CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith(("SPANLEDGER_", "OTEL_")):
            monkeypatch.delenv(name)


@pytest.fixture
def free_port() -> Iterator[Callable[[], int]]:
    """Return loopback ports that nobody listens on; no port twice in one test."""
    given: set[int] = set()

    def find() -> int:
        while True:
            with closing(socket.socket()) as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            if port not in given:
                given.add(port)
                return port

    yield find
