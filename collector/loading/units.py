"""Requests on their way through the loader: whole bodies, and the single records of a body that fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from google.protobuf.message import DecodeError, Message

from collector.compression import decompress
from collector.decode.json import parse_json
from collector.decode.schema import request_class
from collector.log import Body
from store.errors import RejectedData

MAX_BODY_BYTES: Final = 256 << 20
"""Bound of a decompressed body; the front has its own, this one is for files and for damage."""

LISTS: Final = {
    # Names of the lists that lead to the records.
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics"),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A protobuf request, and the body it came in."""

    body: Body
    data: bytes


def open_body(body: Body, *, max_bytes: int = MAX_BODY_BYTES) -> Unit:
    """Return the request of a body, decompressed and in protobuf.

    Raises:
        RejectedData: The body is damaged, too large or no OTLP.
    """
    data = decompress(body.data, body.compression, max_bytes=max_bytes)
    if body.encoding == "json":
        data = parse_json(body.signal, data).SerializeToString()
    return Unit(body, data)


def split_pieces(units: Sequence[Unit], piece_bytes: int) -> Iterator[list[Unit]]:
    """Yield the units in runs of one signal, about `piece_bytes` each: what is decoded at a time."""
    for signal in LISTS:
        piece: list[Unit] = []
        size = 0
        for unit in units:
            if unit.body.signal != signal:
                continue
            if piece and size + len(unit.data) > piece_bytes:
                yield piece
                piece, size = [], 0
            piece.append(unit)
            size += len(unit.data)
        if piece:
            yield piece


def split_records(unit: Unit) -> list[Unit]:
    """Return a unit per record (of metrics: per metric) of a unit; none when it cannot be parsed at all."""
    try:
        request = request_class(unit.body.signal).FromString(unit.data)
    except DecodeError:
        return []
    by_resource, by_scope, records = LISTS[unit.body.signal]
    found: list[Unit] = []
    for owner in cast("Iterable[Any]", getattr(request, by_resource)):
        for scope in getattr(owner, by_scope):
            for record in getattr(scope, records):
                single = request_class(unit.body.signal)()
                lone_owner = getattr(single, by_resource).add(resource=owner.resource)
                lone_scope = getattr(lone_owner, by_scope).add(scope=scope.scope)
                getattr(lone_scope, records).append(record)
                found.append(Unit(unit.body, single.SerializeToString()))
    return found


def list_records(unit: Unit) -> list[Message]:
    """Return the records of a unit in the order of the wire."""
    request = request_class(unit.body.signal).FromString(unit.data)
    by_resource, by_scope, records = LISTS[unit.body.signal]
    return [
        record
        for owner in cast("Iterable[Any]", getattr(request, by_resource))
        for scope in getattr(owner, by_scope)
        for record in getattr(scope, records)
    ]


@dataclass(slots=True)
class Opened:
    """Bodies and the requests that were in them."""

    bodies: list[Body] = field(default_factory=list[Body])
    units: list[Unit] = field(default_factory=list[Unit])
    refused: list[tuple[Body, RejectedData]] = field(default_factory=list[tuple[Body, RejectedData]])
    """Bodies that hold no request, with the reason."""


def open_bodies(bodies: Iterable[Body], max_bytes: int) -> Iterator[Opened]:
    """Yield the opened bodies, at least once, in groups of about `max_bytes` decompressed."""
    opened = Opened()
    size = 0
    for body in bodies:
        if size > max_bytes:
            yield opened
            opened, size = Opened(), 0
        opened.bodies.append(body)
        try:
            opened.units.append(open_body(body))
            size += len(opened.units[-1].data)
        except RejectedData as error:
            opened.refused.append((body, error))
    yield opened
