from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from collector.loader import Loader, read_position
from collector.loading.intake import Intake
from collector.log import Body, LogReader, LogWriter
from store import open_store
from store.errors import StoreUnavailable
from store.port import Store
from tests.collector.building import a_body, a_log_request, a_span, a_trace_body, a_value, ask


def write_log(directory: Path, bodies: Sequence[Body]) -> None:
    async def append_all() -> None:
        writer = LogWriter(directory)
        try:
            await asyncio.gather(*(writer.append(body) for body in bodies))
        finally:
            writer.close()

    asyncio.run(append_all())


def log_body(text: str) -> Body:
    return a_body(a_log_request(LogRecord(body=a_value(text))), signal="logs")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_bodies_move_from_the_log_to_the_store(store: Store, log: Path) -> None:
    loader = Loader(Intake(store), LogReader(log))
    assert loader.load_once() is None
    write_log(log, [a_trace_body(a_span(1)), log_body("x")])
    report = loader.load_once()
    assert report is not None
    assert report.records == {"traces": 1, "logs": 1}
    assert loader.load_once() is None


def test_restart_continues_behind_the_last_load(store: Store, log: Path, tmp_path: Path) -> None:
    write_log(log, [log_body(str(number)) for number in range(10)])
    first = Loader(Intake(store), LogReader(log), read_bytes=1)
    for _ in range(4):
        first.load_once()
    store.close()
    reopened = open_store(tmp_path / "data")
    second = Loader(Intake(reopened), LogReader(log))
    report = second.load_once()
    assert report is not None
    assert report.bodies == 6
    assert report.load_seq == 5
    assert ask(reopened, "SELECT count(*), count(DISTINCT body) FROM logs") == [(10, 10)]
    reopened.close()


def test_position_is_the_one_of_the_last_load(store: Store, log: Path) -> None:
    assert read_position(store) is None
    write_log(log, [log_body("1")])
    write_log(log, [log_body("2"), log_body("3")])
    reader = LogReader(log)
    loader = Loader(Intake(store), reader, read_bytes=1)
    while loader.load_once() is not None:
        assert read_position(store) == reader.position


def test_damage_is_reported_and_the_rest_is_loaded(store: Store, log: Path) -> None:
    write_log(log, [log_body(str(number) * 50) for number in range(5)])
    segment = next(log.glob("*.log"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 0xFF
    segment.write_bytes(bytes(content))
    write_log(log, [log_body("behind")])
    loader = Loader(Intake(store), LogReader(log))
    while loader.load_once() is not None:
        pass
    assert ask(store, "SELECT count(*) FROM logs") == [(5,)]
    letters = ask(store, "SELECT signal, reason, detail FROM dead_letters")
    assert [letter[:2] for letter in letters] == [("unknown", "log_damaged")]


class FlakyStore:
    """The real store behind a switch that fails its writes."""

    def __init__(self, store: Store, failures: int) -> None:
        self._store = store
        self.failures = failures

    def __getattr__(self, name: str) -> object:
        if name == "append" and self.failures:
            self.failures -= 1
            raise StoreUnavailable("the disk is full; free some space")
        return getattr(self._store, name)


def test_failing_store_is_tried_again_and_nothing_is_skipped(store: Store, log: Path) -> None:
    write_log(log, [log_body("a"), log_body("b")])
    flaky = FlakyStore(store, failures=1)
    loader = Loader(Intake(flaky), LogReader(log))  # type: ignore[arg-type]
    with pytest.raises(StoreUnavailable):
        loader.load_once()
    report = loader.load_once()
    assert report is not None
    assert report.records["logs"] == 2


def test_loop_sleeps_until_woken_and_drains_before_it_ends(store: Store, log: Path) -> None:
    woken, asleep, stop = threading.Event(), threading.Event(), threading.Event()

    def wake() -> None:
        asleep.set()
        assert woken.wait(30)
        woken.clear()

    loader = Loader(Intake(FlakyStore(store, failures=1)), LogReader(log))  # type: ignore[arg-type]
    thread = threading.Thread(target=loader.run, args=(wake, stop))
    thread.start()
    assert asleep.wait(30)
    write_log(log, [log_body("first")])
    asleep.clear()
    woken.set()
    assert asleep.wait(30)
    assert ask(store, "SELECT count(*) FROM logs") == [(1,)]
    assert loader.failures == 1
    write_log(log, [log_body("last")])
    stop.set()
    woken.set()
    thread.join(30)
    assert not thread.is_alive()
    assert ask(store, "SELECT count(*) FROM logs") == [(2,)]


def test_stop_does_not_wait_for_a_store_that_stays_down(store: Store, log: Path) -> None:
    write_log(log, [log_body("kept in the log")])
    stop = threading.Event()
    stop.set()
    loader = Loader(Intake(FlakyStore(store, failures=1000)), LogReader(log))  # type: ignore[arg-type]
    loader.run(lambda: None, stop)
    assert loader.failures == 1
    assert ask(store, "SELECT count(*) FROM logs") == [(0,)]
