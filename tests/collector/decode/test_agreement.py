"""ptars and the protobuf library read the same out of any request."""

from __future__ import annotations

from typing import Any, cast

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.decode.arrow import read_requests, read_requests_plainly
from collector.decode.json import REQUESTS
from collector.decode.schema import arrow_schema
from store.errors import RejectedData

_INTEGERS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_ENUM: (0, 9),
}


def scalars(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    match field.type:
        case FieldDescriptor.TYPE_STRING:
            return st.text(max_size=5)
        case FieldDescriptor.TYPE_BYTES:
            return st.binary(max_size=17)
        case FieldDescriptor.TYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.TYPE_DOUBLE:
            # Arrow compares NaN as unequal; NaN has a test of its own.
            return st.floats(allow_nan=False)
        case _:
            return st.integers(*_INTEGERS[field.type])


@st.composite
def messages(draw: st.DrawFn, kind: type[Message]) -> Message:
    message = kind()
    fill(draw, message, cast("Descriptor", kind.DESCRIPTOR), 0)
    return message


def fill(draw: st.DrawFn, message: Message, descriptor: Descriptor, depth: int) -> None:
    for field in descriptor.fields:
        # Required on the way to the records, so that most requests hold some.
        wanted = (depth < 3 and field.number == 1) or field.name in ("scope_spans", "spans")
        if not wanted and not draw(st.booleans()):
            continue
        if field.message_type is None:
            set_scalar(draw, message, field)
        elif depth > 9:
            continue
        elif field.is_repeated:
            for _ in range(draw(st.integers(0, 2))):
                fill(draw, getattr(message, field.name).add(), field.message_type, depth + 1)
        else:
            child = getattr(message, field.name)
            child.SetInParent()
            fill(draw, child, field.message_type, depth + 1)


def set_scalar(draw: st.DrawFn, message: Message, field: FieldDescriptor) -> None:
    if field.is_repeated:
        getattr(message, field.name).extend(draw(st.lists(scalars(field), max_size=3)))
    else:
        setattr(message, field.name, draw(scalars(field)))


@pytest.mark.parametrize("signal", ["traces", "logs", "metrics"])
def test_both_ways_agree_on_any_request(signal: str) -> None:
    kind = REQUESTS[signal]

    @settings(max_examples=40)
    @given(st.lists(messages(kind), min_size=1, max_size=2))
    def check(requests: list[Message]) -> None:
        payloads = [request.SerializeToString() for request in requests]
        fast, plain = read_requests(signal, payloads), read_requests_plainly(signal, payloads)
        assert fast.schema == plain.schema == arrow_schema(signal)
        assert fast.equals(plain)

    check()


@given(st.binary(max_size=60))
@settings(max_examples=100)
def test_what_is_no_request_is_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        plain = read_requests_plainly("traces", [data])
    except RejectedData:
        return
    assert read_requests("traces", [data]).equals(plain)
