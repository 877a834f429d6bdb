"""OTLP values as text, and as JSON."""

from __future__ import annotations

import base64
import math
from typing import Final, cast

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValueList

from collector.decode.nesting import as_series

Hashes = npt.NDArray[np.uint64]

_BOOLEANS: Final = {True: "true", False: "false"}
_JSON_PREFIX: Final = '{"":'
_CACHED_BYTES: Final = 1 << 17
"""Texts are searched in pieces that stay in the processor's cache."""


def value_texts(values: pa.StructArray) -> pl.Series:
    """Return the text of each AnyValue; null where it holds nothing.

    Integers in decimal, doubles in their shortest form (`NaN`, `inf`), booleans `true` or `false`, bytes in
    base64, arrays and kvlists as JSON.
    """
    texts = as_series(values.field("string_value"))
    if texts.null_count() == 0:
        return texts
    texts = texts.clone()
    for name in ("int_value", "double_value"):
        _fill(texts, as_series(values.field(name)))
    booleans = as_series(values.field("bool_value"))
    if booleans.null_count() < len(booleans):
        _fill(texts, booleans.replace_strict(_BOOLEANS, return_dtype=pl.String))
    for name in ("array_value", "kvlist_value", "bytes_value"):
        raw = cast("pa.BinaryArray", values.field(name))
        if raw.null_count < len(raw):
            _fill(texts, _distinct_texts(name, raw))
    return texts


def is_json(values: pa.StructArray) -> pl.Series:
    """Return which values' texts are JSON as they stand: numbers, booleans, arrays and kvlists."""
    kinds = [
        as_series(values.field(name)) for name in ("int_value", "bool_value", "array_value", "kvlist_value")
    ]
    finite = as_series(values.field("double_value")).is_finite().fill_null(value=False)
    for kind in kinds:
        finite |= kind.is_not_null()
    return finite


def json_strings(texts: pl.Series) -> pl.Series:
    """Return each text as a JSON string with its quotes; null becomes `null`."""
    encoded = pl.DataFrame({"": texts}).select(pl.struct("").struct.json_encode()).to_series()
    return encoded.str.strip_prefix(_JSON_PREFIX).str.strip_suffix("}")


def json_escaped(texts: pl.Series) -> pa.LargeStringArray:
    """Return each text, which is not null, as it stands between the quotes of a JSON string.

    Only texts with a byte that must be escaped are written anew.
    """
    array = cast("pa.LargeStringArray", texts.to_arrow(compat_level=pl.CompatLevel.oldest()))
    places = _escaped_bytes(array)
    if not len(places):
        return array
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    affected = np.unique(np.searchsorted(offsets, places, side="right") - 1)
    written = json_strings(texts.gather(affected)).str.slice(1).str.strip_suffix('"')
    mask = np.zeros(len(array), dtype=np.bool_)
    mask[affected] = True
    own = written.to_arrow(compat_level=pl.CompatLevel.oldest())
    return cast("pa.LargeStringArray", pc.call_function("replace_with_mask", [array, pa.array(mask), own]))


def _escaped_bytes(array: pa.LargeStringArray) -> npt.NDArray[np.int64]:
    """Where the quotes, backslashes and control characters of all texts stand in their buffer."""
    _, offsets, data = array.buffers()
    if data is None or not len(array):
        return np.empty(0, dtype=np.int64)
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    first, last = int(bounds[0]), int(bounds[-1])
    codes = np.frombuffer(data, dtype=np.uint8)[first:last]
    found: list[npt.NDArray[np.int64]] = []
    for begin in range(0, len(codes), _CACHED_BYTES):
        block = codes[begin : begin + _CACHED_BYTES]
        # Exclusive or with 2 exchanges the quote, 34, and the space, 32: one comparison finds quotes and controls.
        found.append(np.flatnonzero(((block ^ 2) < 33) | (block == 92)) + (begin + first))
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _fill(texts: pl.Series, values: pl.Series) -> None:
    if values.null_count() < len(values):
        places = values.is_not_null().arg_true()
        texts.scatter(places, values.gather(places).cast(pl.String))


def _distinct_texts(name: str, raw: pa.BinaryArray) -> pl.Series:
    coded = raw.dictionary_encode()
    texts = [_raw_text(name, value) for value in cast("list[bytes]", coded.dictionary.to_pylist())]
    codes = as_series(coded.indices)
    return pl.Series(texts, dtype=pl.String).gather(codes)


def _raw_text(name: str, raw: bytes) -> str:
    if name == "bytes_value":
        return base64.b64encode(raw).decode()
    try:
        value: object = (
            [_plain_value(item) for item in ArrayValue.FromString(raw).values]
            if name == "array_value"
            else _plain_mapping(KeyValueList.FromString(raw))
        )
    except DecodeError:
        # The body around it was valid, so only what is nested too deep for protobuf ends here.
        value = base64.b64encode(raw).decode()
    return msgspec.json.encode(value).decode()


def _plain_mapping(pairs: KeyValueList) -> dict[str, object]:
    return {pair.key: _plain_value(pair.value) for pair in pairs.values}


def _plain_value(value: AnyValue) -> object:
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "int_value":
            return value.int_value
        case "double_value":
            return _plain_double(value.double_value)
        case "array_value":
            return [_plain_value(item) for item in value.array_value.values]
        case "kvlist_value":
            return _plain_mapping(value.kvlist_value)
        case "bytes_value":
            return base64.b64encode(value.bytes_value).decode()
        case _:
            return None


def _plain_double(value: float) -> float | str:
    """Return the number, or its text where JSON has no number for it."""
    return value if math.isfinite(value) else str(value).replace("nan", "NaN")


def hash_pairs(keys: pl.Series, texts: pl.Series) -> Hashes:
    """Return a hash per (key, text) pair, fit to be summed over a set of pairs in any order."""
    mixed = keys.hash(1).to_numpy() * np.uint64(0x9E3779B97F4A7C15) ^ texts.hash(2).to_numpy()
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return mixed


def hash_column(running: Hashes, column: pl.Series, seed: int) -> Hashes:
    """Return a hash per row over what `running` stands for and the column."""
    mixed = running * np.uint64(0x9E3779B97F4A7C15) + column.hash(seed).to_numpy()
    mixed ^= mixed >> np.uint64(31)
    return mixed
