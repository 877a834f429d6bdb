"""What several packages' tests share."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from hypothesis import settings

# No example fails because the machine is busy: time is measured by the benchmarks. CI tries the same examples
# each time, so that it speaks of the change; everybody else tries new ones.
settings.register_profile("spanledger", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("spanledger")


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
