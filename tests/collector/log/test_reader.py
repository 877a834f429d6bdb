from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.log import Body, LogReader, Position
from collector.log.frame import HEADER_BYTES, MAGIC, encode_header
from collector.log.segment_file import SegmentFile
from collector.log.segments import list_segments, segment_path

from .conftest import make_body, read_all, write_bodies


def write_segment(directory: Path, segment: int, bodies: Sequence[Body]) -> Path:
    directory.mkdir(exist_ok=True)
    file = SegmentFile(directory, segment)
    file.append(bodies)
    file.close()
    return segment_path(directory, segment)


def damage(path: Path, offset: int, replacement: bytes) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset : offset + len(replacement)] = replacement
    path.write_bytes(raw)


_BODIES = st.lists(
    st.builds(
        make_body,
        st.binary(max_size=200) | st.just(MAGIC * 30),
        signal=st.sampled_from(["traces", "logs", "metrics"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(bodies=_BODIES, data=st.data())
def test_any_cut_leaves_exactly_the_complete_records(bodies: list[Body], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = write_segment(Path(name), 1, bodies)
        cut = data.draw(st.integers(0, path.stat().st_size))
        path.write_bytes(path.read_bytes()[:cut])
        ends = [0]
        for body in bodies:
            ends.append(ends[-1] + HEADER_BYTES + len(body.data))
        complete = sum(end <= cut for end in ends[1:])
        batch = LogReader(Path(name)).read()
        assert batch.bodies == bodies[:complete]
        assert batch.next == Position(1, ends[complete])
        assert batch.damages == []


@settings(max_examples=60)
@given(bodies=_BODIES, more=_BODIES, data=st.data())
def test_any_damage_costs_only_the_records_it_touches(
    bodies: list[Body], more: list[Body], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = write_segment(Path(name), 1, bodies)
        write_segment(Path(name), 2, more)
        size = path.stat().st_size
        start = data.draw(st.integers(0, size - 1))
        length = data.draw(st.integers(1, min(80, size - start)))
        damage(path, start, bytes(255 - byte for byte in path.read_bytes()[start : start + length]))
        batch = LogReader(Path(name)).read()
        ends = [0]
        for body in bodies:
            ends.append(ends[-1] + HEADER_BYTES + len(body.data))
        untouched = [
            body
            for body, begin, end in zip(bodies, ends, ends[1:], strict=False)
            if end <= start or begin >= start + length
        ]
        assert batch.bodies == untouched + more
        lost_bytes = sum(d.length for d in batch.damages)
        assert lost_bytes == size - sum(HEADER_BYTES + len(body.data) for body in untouched)


@settings(max_examples=30)
@given(bodies=_BODIES, max_bytes=st.integers(1, 500), max_bodies=st.integers(1, 4))
def test_small_reads_return_the_same_as_a_large_one(
    bodies: list[Body], max_bytes: int, max_bodies: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        middle = len(bodies) // 2
        write_segment(Path(name), 3, bodies[:middle])
        write_segment(Path(name), 7, bodies[middle:])
        reader = LogReader(Path(name))
        found: list[Body] = []
        while batch := reader.read(max_bytes, max_bodies).bodies:
            assert len(batch) <= max_bodies
            found += batch
        assert found == bodies
        assert reader.unread_bytes() == 0


def test_nothing_to_read_is_an_empty_batch(log_directory: Path) -> None:
    reader = LogReader(log_directory)
    assert reader.read().bodies == []
    assert reader.read().next is None
    assert reader.unread_bytes() == 0


def test_a_torn_tail_of_the_newest_segment_is_waited_for(log_directory: Path) -> None:
    path = write_segment(log_directory, 1, [make_body(b"first"), make_body(b"second")])
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    reader = LogReader(log_directory)
    assert [b.data for b in reader.read().bodies] == [b"first"]
    assert reader.read().bodies == []
    path.write_bytes(whole)
    assert [b.data for b in reader.read().bodies] == [b"second"]


def test_a_torn_tail_of_an_older_segment_is_passed_over(log_directory: Path) -> None:
    path = write_segment(log_directory, 1, [make_body(b"first"), make_body(b"torn")])
    path.write_bytes(path.read_bytes()[:-1])
    write_segment(log_directory, 2, [make_body(b"third")])
    batch = LogReader(log_directory).read()
    assert [b.data for b in batch.bodies] == [b"first", b"third"]
    assert batch.damages == []


def test_a_position_behind_the_end_of_a_truncated_segment_goes_on_with_the_next(
    log_directory: Path,
) -> None:
    path = write_segment(log_directory, 1, [make_body(b"first"), make_body(b"second")])
    reader = LogReader(log_directory)
    reader.read()
    path.write_bytes(b"")
    assert reader.read().bodies == []
    write_segment(log_directory, 2, [make_body(b"third")])
    assert [b.data for b in reader.read().bodies] == [b"third"]


def test_zeros_at_the_end_of_an_older_segment_are_reported(log_directory: Path) -> None:
    path = write_segment(log_directory, 1, [make_body(b"first")])
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(5000))
    reader = LogReader(log_directory)
    assert reader.read().damages == []
    write_segment(log_directory, 2, [make_body(b"next")])
    batch = reader.read()
    assert [b.data for b in batch.bodies] == [b"next"]
    assert [(d.segment, d.offset, d.length) for d in batch.damages] == [(1, size, 5000)]


def test_a_body_that_quotes_a_record_is_not_mistaken_for_one(log_directory: Path) -> None:
    quoted = make_body(b"forged")
    quote = encode_header(quoted, 1, 0) + quoted.data
    path = write_segment(log_directory, 1, [make_body(quote * 3), make_body(b"real")])
    damage(path, 8, b"\xff\xff")
    write_segment(log_directory, 2, [])
    batch = LogReader(log_directory).read()
    assert [b.data for b in batch.bodies] == [b"real"]
    assert len(batch.damages) == 1


def test_reading_goes_on_where_a_position_says(log_directory: Path) -> None:
    write_segment(log_directory, 1, [make_body(b"first"), make_body(b"second")])
    batch = LogReader(log_directory).read(max_bodies=1)
    assert [b.data for b in LogReader(log_directory, batch.next).read().bodies] == [b"second"]
    reader = LogReader(log_directory)
    reader.read()
    reader.seek(batch.next)
    assert [b.data for b in reader.read().bodies] == [b"second"]


def test_a_replaced_log_is_read_from_its_start(log_directory: Path) -> None:
    write_segment(log_directory, 1, [make_body(b"new")])
    assert [b.data for b in LogReader(log_directory, Position(57, 1234)).read().bodies] == [b"new"]


def test_a_dropped_segment_is_passed_over(log_directory: Path) -> None:
    write_segment(log_directory, 5, [make_body(b"kept")])
    assert [b.data for b in LogReader(log_directory, Position(3, 70)).read().bodies] == [b"kept"]


def test_only_loaded_segments_are_dropped_and_never_the_newest(log_directory: Path) -> None:
    for segment in (1, 2, 3):
        write_segment(log_directory, segment, [make_body(b"%d" % segment)])
    reader = LogReader(log_directory)
    assert reader.drop_loaded(Position(2, 10)) == 1
    assert list_segments(log_directory) == [2, 3]
    assert reader.drop_loaded(Position(9, 0)) == 1
    assert list_segments(log_directory) == [3]
    assert read_all(log_directory) == [b"3"]


def test_loaded_segments_are_kept_for_the_grace_period(log_directory: Path) -> None:
    for segment in (1, 2):
        write_segment(log_directory, segment, [make_body()])
    reader, hour = LogReader(log_directory), timedelta(hours=1)
    assert reader.drop_loaded(Position(2, 0), grace=hour) == 0
    later = datetime.now(UTC) + timedelta(hours=2)
    assert reader.drop_loaded(Position(2, 0), grace=hour, clock=lambda: later) == 1


def test_the_oldest_go_when_loaded_segments_are_too_many_for_the_grace_period(log_directory: Path) -> None:
    for segment in (1, 2, 3, 4):
        write_segment(log_directory, segment, [make_body(b"x" * 100)])
    reader = LogReader(log_directory)
    dropped = reader.drop_loaded(Position(4, 0), grace=timedelta(hours=1), keep_bytes=200)
    assert dropped == 2
    assert list_segments(log_directory) == [3, 4]


def test_unread_bytes_are_the_backlog(log_directory: Path) -> None:
    write_segment(log_directory, 1, [make_body(b"x" * 40)] * 2)
    write_segment(log_directory, 2, [make_body(b"x" * 40)])
    reader = LogReader(log_directory)
    assert reader.unread_bytes() == 300
    reader.read(max_bodies=1)
    assert reader.unread_bytes() == 200


@pytest.mark.parametrize("year", [1969, 1970, 2026, 2262])
def test_any_time_of_reception_survives(log_directory: Path, year: int) -> None:
    body = make_body(received_at=datetime(year, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    write_bodies(log_directory, [body])
    assert LogReader(log_directory).read().bodies == [body]
