"""Many different bodies from a few: other ids and times in place, everything else as it was.

Building a body costs more than ingesting it; a copy with other bytes in the same places costs next to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.payloads import Payload

_Places = NDArray[np.int64]
_SPAN = re.compile(
    rb"\x0a\x10(.{16})\x12\x08(.{8})(?:\x22\x08(.{8}))?\x2a.{1,200}?\x39(.{8})\x41(.{8})", re.DOTALL
)
_CONVERSATION = re.compile(rb"conv-(\d{9})")
_RUNS_A_CONVERSATION = 4
_HEX_IDS = (re.compile(rb"chatcmpl-([0-9a-f]{20})"), re.compile(rb"call_([0-9a-f]{12})"))
_HEX_DIGITS = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_ZERO = np.uint8(ord("0"))
_DIGIT_VALUES = np.zeros(256, dtype=np.uint8)
_DIGIT_VALUES[_HEX_DIGITS] = np.arange(16, dtype=np.uint8)


@dataclass(frozen=True)
class Template:
    """A body and the places in it that differ from copy to copy."""

    data: NDArray[np.uint8]
    spans: int
    trace_ids: _Places
    span_ids: _Places
    times: _Places
    conversations: _Places
    hex_ids: Sequence[_Places]

    @classmethod
    def of(cls, payload: Payload) -> Template:
        """Find the places."""
        found = list(_SPAN.finditer(payload.data))
        assert len(found) == payload.spans, (len(found), payload.spans)
        return cls(
            np.frombuffer(payload.data, dtype=np.uint8),
            payload.spans,
            _places([match.start(1) for match in found], 16),
            _places([m.start(group) for m in found for group in (2, 3) if m.start(group) >= 0], 8),
            _places([match.start(group) for match in found for group in (4, 5)], 8),
            _places([match.start(1) for match in _CONVERSATION.finditer(payload.data)], 9),
            [
                _places([match.start(1) for match in pattern.finditer(payload.data)], length)
                for pattern, length in zip(_HEX_IDS, (20, 12), strict=True)
            ],
        )

    def copy(self, number: int, shift_ns: int) -> Payload:
        """Return the body with ids that only this number has, and times shifted."""
        random = np.random.default_rng(number)
        data = self.data.copy()
        data[self.trace_ids] ^= random.integers(0, 256, 16, dtype=np.uint8)
        data[self.span_ids] ^= random.integers(0, 256, 8, dtype=np.uint8)
        times = np.ascontiguousarray(data[self.times]).view("<u8") + np.uint64(shift_ns)
        data[self.times] = times.view(np.uint8).reshape(self.times.shape)
        turns = np.random.default_rng(number // _RUNS_A_CONVERSATION).integers(0, 10, 9, dtype=np.uint8)
        data[self.conversations] = (data[self.conversations] - _ZERO + turns) % 10 + _ZERO
        for places in self.hex_ids:
            turned = (
                _DIGIT_VALUES[data[places]] + random.integers(0, 16, places.shape[1], dtype=np.uint8)
            ) % 16
            data[places] = _HEX_DIGITS[turned]
        return Payload(data.tobytes(), self.spans)


def replicate(payloads: Sequence[Payload], *, first: int, step_ns: int) -> Iterator[Payload]:
    """Yield the payloads again and again without end, copy by copy from number `first`, each `step_ns` later."""
    templates = [Template.of(payload) for payload in payloads]
    number = first
    while True:
        for template in templates:
            yield template.copy(number, (number - first) * step_ns)
        number += 1


def _places(starts: Sequence[int], length: int) -> _Places:
    return np.array(starts, dtype=np.int64).reshape(-1, 1) + np.arange(length)
