from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.compression import TooLarge, decompress
from store.errors import RejectedData


def deflate_raw(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


def zstd_without_size(data: bytes) -> bytes:
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress(data) + stream.flush()


_WAYS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "identity": ("identity", lambda data: data),
    "gzip": ("gzip", gzip.compress),
    "gzip in two members": ("gzip", lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:])),
    "gzip with padding": ("gzip", lambda data: gzip.compress(data) + bytes(12)),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", deflate_raw),
    "zstd": ("zstd", zstandard.compress),
    "zstd without size": ("zstd", zstd_without_size),
    "zstd in two frames": ("zstd", lambda data: zstandard.compress(data[:7]) + zstd_without_size(data[7:])),
}


@pytest.mark.parametrize("way", _WAYS)
@settings(max_examples=25)
@given(data=st.binary(max_size=300) | st.binary(max_size=50).map(lambda piece: piece * 5000))
def test_what_was_compressed_comes_back(way: str, data: bytes) -> None:
    name, compress = _WAYS[way]
    assert decompress(compress(data), name, max_bytes=len(data)) == data


@pytest.mark.parametrize("way", _WAYS)
@settings(max_examples=25)
@given(data=st.binary(min_size=1, max_size=50).map(lambda piece: piece * 5000))
def test_one_byte_more_than_the_bound_is_too_large(way: str, data: bytes) -> None:
    name, compress = _WAYS[way]
    with pytest.raises(TooLarge):
        decompress(compress(data), name, max_bytes=len(data) - 1)


@pytest.mark.parametrize("way", ["gzip", "zlib", "raw deflate", "zstd", "zstd without size"])
@settings(max_examples=25)
@given(data=st.binary(min_size=20, max_size=300), cut=st.floats(0, 0.99))
def test_a_cut_body_never_passes(way: str, data: bytes, cut: float) -> None:
    name, compress = _WAYS[way]
    whole = compress(data)
    with pytest.raises(RejectedData):
        decompress(whole[: int(len(whole) * cut)], name, max_bytes=1 << 20)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd"])
@settings(max_examples=100)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_a_body_or_refused(name: str, data: bytes) -> None:
    with contextlib.suppress(RejectedData):
        assert len(decompress(data, name, max_bytes=1000)) <= 1000


def test_junk_behind_gzip_is_refused() -> None:
    with pytest.raises(RejectedData, match="no gzip member"):
        decompress(gzip.compress(b"x") + b"junk", "gzip", max_bytes=100)


def test_an_unknown_compression_names_the_known_ones() -> None:
    with pytest.raises(RejectedData, match="use gzip, deflate, zstd or identity"):
        decompress(b"", "br", max_bytes=1)
