"""Real parts that the tests of alerts run on."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Control, open_control
from tests.alerts.building import SteppedClock
from tests.alerts.lookalikes import HttpLookalike


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def control(tmp_path: Path, clock: SteppedClock) -> Iterator[Control]:
    control = open_control(tmp_path, clock=clock)
    yield control
    control.close()


@pytest.fixture
def http() -> Iterator[HttpLookalike]:
    lookalike = HttpLookalike()
    yield lookalike
    lookalike.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)
    return directory


@pytest.fixture
def own_certificate(certificate: Path) -> ssl.SSLContext:
    """Return what a server needs whose certificate nobody but itself vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context
