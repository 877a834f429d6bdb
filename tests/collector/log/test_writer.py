from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from collector.log import LogClosed, LogReader, LogWriter, Position, StorageFull, body_sha256
from collector.log.segments import list_segments, segment_path
from store.errors import ConfigError, Overloaded

from .conftest import make_body, open_log, read_all, write_bodies


def test_bodies_come_back_in_order_and_byte_for_byte(log_directory: Path) -> None:
    bodies = [make_body(os.urandom(n), signal=s) for n in (0, 1, 3000) for s in ("traces", "logs", "metrics")]
    write_bodies(log_directory, bodies)
    batch = LogReader(log_directory).read()
    assert batch.bodies == bodies
    assert batch.damages == []


def test_a_commit_takes_everything_that_waits(log_directory: Path) -> None:
    all_wait = threading.Event()

    async def append_many() -> LogWriter:
        with open_log(log_directory, commit_delay_s=0, on_commit=lambda: all_wait.wait(30)) as writer:
            await writer.append(make_body())
            futures = [writer.append(make_body(b"%d" % n)) for n in range(1500)]
            all_wait.set()
            await asyncio.gather(*futures)
            return writer

    writer = asyncio.run(append_many())
    assert writer.stats.bodies == 1501
    assert writer.stats.commits == 2


def test_each_start_writes_a_new_segment(log_directory: Path) -> None:
    for data in (b"first", b"second"):
        write_bodies(log_directory, [make_body(data)])
    assert list_segments(log_directory) == [1, 2]
    assert read_all(log_directory) == [b"first", b"second"]


def test_a_start_without_bodies_leaves_no_segment(log_directory: Path) -> None:
    write_bodies(log_directory, [])
    assert list_segments(log_directory) == []


def test_a_full_segment_is_followed_by_the_next(log_directory: Path) -> None:
    async def append_in_turn() -> None:
        with open_log(log_directory, segment_bytes=200, commit_delay_s=0) as writer:
            for number in range(6):
                await writer.append(make_body(b"%d" % number * 100))

    asyncio.run(append_in_turn())
    assert list_segments(log_directory) == [1, 2, 3]
    assert read_all(log_directory) == [b"%d" % number * 100 for number in range(6)]


def test_a_second_writer_is_refused(log_directory: Path) -> None:
    with open_log(log_directory), pytest.raises(ConfigError, match="written by another process"):
        LogWriter(log_directory)


def test_a_killed_writer_leaves_no_lock(log_directory: Path) -> None:
    script = (
        "import os, sys, pathlib; from collector.log import LogWriter;"
        " LogWriter(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(log_directory)], check=False)
    write_bodies(log_directory, [make_body()])
    assert read_all(log_directory) == [b"data"]


def test_the_bound_of_the_log_holds_until_segments_are_dropped(log_directory: Path) -> None:
    async def fill() -> None:
        with open_log(log_directory, segment_bytes=1000, max_bytes=4000, commit_delay_s=0) as writer:
            with pytest.raises(Overloaded, match="bound is 4000"):
                for _ in range(10):
                    await writer.append(make_body(b"x" * 900))
            reader = LogReader(log_directory)
            position = reader.read().next
            assert position is not None
            reader.drop_loaded(position)
            deadline = asyncio.get_running_loop().time() + 5
            while True:
                try:
                    await writer.append(make_body(b"y" * 900))
                    return
                except Overloaded:
                    assert asyncio.get_running_loop().time() < deadline
                    await asyncio.sleep(0.02)

    asyncio.run(fill())


def test_a_closed_log_refuses(log_directory: Path) -> None:
    async def append_late() -> None:
        with open_log(log_directory) as writer:
            pass
        with pytest.raises(LogClosed):
            writer.append(make_body())

    asyncio.run(append_late())


def test_close_makes_durable_what_is_queued(log_directory: Path) -> None:
    async def close_at_once() -> list[bool]:
        with open_log(log_directory) as writer:
            futures = [writer.append(make_body(b"%d" % n)) for n in range(50)]
        await asyncio.sleep(0)
        return [future.done() for future in futures]

    assert all(asyncio.run(close_at_once()))
    assert len(read_all(log_directory)) == 50


def test_a_cancelled_wait_harms_nobody(log_directory: Path) -> None:
    async def cancel_one() -> None:
        with open_log(log_directory) as writer:
            first, second = writer.append(make_body(b"first")), writer.append(make_body(b"second"))
            first.cancel()
            await second

    asyncio.run(cancel_one())
    assert read_all(log_directory) == [b"first", b"second"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("call", ["writev", "fdatasync"])
def test_a_refusing_disk_tells_the_waiters_and_later_bodies_find_their_way(
    log_directory: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    async def write_around_a_failure() -> None:
        with open_log(log_directory, commit_delay_s=0) as writer:
            await writer.append(make_body(b"before"))
            reader = LogReader(log_directory)
            with monkeypatch.context() as patch:
                patch.setattr(f"collector.log.segment_file.os.{call}", _failing(call, number))
                with pytest.raises(StorageFull, match="free space"):
                    await writer.append(make_body(b"lost"))
                # A reader that was there in between must not stand in the middle of a later record.
                reader.read()
                with pytest.raises(StorageFull):
                    writer.append(make_body(b"too soon"))
            writer._full_until = 0.0  # pyright: ignore[reportPrivateUsage]
            await writer.append(make_body(b"after" * 10))
            assert [b.data for b in reader.read().bodies] == [b"after" * 10]
            assert writer.stats.failures == 1

    asyncio.run(write_around_a_failure())
    assert read_all(log_directory) == [b"before", b"after" * 10]


def _failing(call: str, number: int) -> object:
    real_write = os.write

    def fail(descriptor: int, *arguments: list[bytes]) -> int:
        if call == "writev":
            real_write(descriptor, b"".join(arguments[0])[:70])
        raise OSError(number, os.strerror(number))

    return fail


def test_a_file_size_limit_is_a_full_disk(log_directory: Path) -> None:
    script = Path(__file__).with_name("fill_limited_file.py")
    done = subprocess.run([sys.executable, script, log_directory], capture_output=True, text=True, check=True)
    assert "kept 4 1.0" in done.stdout
    assert read_all(log_directory) == [b"x" * 900] * 4


def test_the_reserve_of_the_disk_is_left_to_others(log_directory: Path) -> None:
    async def append_one() -> None:
        with (
            open_log(log_directory, disk_reserve_bytes=1 << 62) as writer,
            pytest.raises(StorageFull, match="reserve"),
        ):
            await writer.append(make_body())

    asyncio.run(append_one())
    assert list_segments(log_directory) == []


def test_segments_are_private(log_directory: Path) -> None:
    write_bodies(log_directory, [make_body()])
    assert segment_path(log_directory, 1).stat().st_mode & 0o077 == 0
    assert log_directory.stat().st_mode & 0o077 == 0


def test_each_commit_is_announced(log_directory: Path) -> None:
    commits: list[Position | None] = []

    async def append_some() -> None:
        def note() -> None:
            commits.append(LogReader(log_directory).read().next)

        with open_log(log_directory, commit_delay_s=0, on_commit=note) as writer:
            for _ in range(3):
                await writer.append(make_body())

    asyncio.run(append_some())
    assert commits == [Position(1, 64), Position(1, 128), Position(1, 192)]


def test_retries_have_the_same_hash_whenever_they_were_compressed() -> None:
    import gzip

    early, late = gzip.compress(b"spans", mtime=1), gzip.compress(b"spans", mtime=2)
    assert early != late
    assert body_sha256("traces", "protobuf", "gzip", early) == body_sha256("traces", "protobuf", "gzip", late)
    other = gzip.compress(b"other", mtime=1)
    assert body_sha256("traces", "protobuf", "gzip", early) != body_sha256(
        "traces", "protobuf", "gzip", other
    )


def test_signal_and_encoding_are_part_of_the_identity() -> None:
    hashes = {body_sha256(s, e, "identity", b"") for s in ("traces", "logs") for e in ("protobuf", "json")}
    assert len(hashes) == 4
