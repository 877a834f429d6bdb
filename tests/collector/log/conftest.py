from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.log import Body, LogReader, LogWriter, body_sha256


def make_body(data: bytes = b"data", *, signal: str = "traces", received_at: datetime | None = None) -> Body:
    return Body(
        signal=signal,
        encoding="protobuf",
        compression="identity",
        received_at=received_at or datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC),
        sha256=body_sha256(signal, "protobuf", "identity", data),
        data=data,
    )


@contextmanager
def open_log(directory: Path, **settings: Any) -> Generator[LogWriter]:
    writer = LogWriter(directory, **settings)
    try:
        yield writer
    finally:
        writer.close()


def write_bodies(directory: Path, bodies: Sequence[Body], **settings: Any) -> None:
    """Append the bodies with a writer of its own, all of them queued at once."""

    async def append_all() -> None:
        with open_log(directory, **settings) as writer:
            await asyncio.gather(*(writer.append(body) for body in bodies))

    asyncio.run(append_all())


def read_all(directory: Path) -> list[bytes]:
    return [body.data for body in LogReader(directory).read(1 << 30, 1 << 20).bodies]


@pytest.fixture
def log_directory(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def body() -> Callable[..., Body]:
    return make_body
