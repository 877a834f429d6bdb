"""Requests of real SDKs, replayed byte for byte."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from collector.compression import decompress

from .conftest import FrontProcess

_WIRE = Path(__file__).parents[2] / "data" / "wire"
_REQUESTS: list[dict[str, Any]] = json.loads((_WIRE / "requests.json").read_text())


@pytest.mark.parametrize("request_", _REQUESTS, ids=[r["file"] for r in _REQUESTS])
def test_a_captured_request_is_logged_as_it_came(front: FrontProcess, request_: dict[str, Any]) -> None:
    stored = (_WIRE / request_["file"]).read_bytes()
    headers = dict(request_["headers"])
    plain = gzip.decompress(stored)
    body = stored if headers.get("content-encoding") == "gzip" else plain
    is_chunked = headers.pop("transfer-encoding", None) == "chunked"
    sent = [body[at : at + 1400] for at in range(0, len(body), 1400)] if is_chunked else body
    answer = front.post(request_["path"], sent, headers)
    is_json = headers["content-type"] == "application/json"
    assert (answer.status, answer.body) == (200, b"{}" if is_json else b"")
    assert answer.headers["content-type"] == headers["content-type"]
    logged = front.last_body()
    assert logged.data == body
    assert logged.signal == request_["path"].rpartition("/")[2]
    assert logged.encoding == ("json" if is_json else "protobuf")
    assert decompress(logged.data, logged.compression, max_bytes=1 << 24) == plain
