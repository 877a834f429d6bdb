"""A browser on this machine must not be a way in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import JSON, FrontProcess

_BODY = b'{"resourceSpans":[]}'


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:4318", "[::1]:4318", "LOCALHOST:1", "agent.localhost"]
)
def test_loopback_names_are_allowed(front: FrontProcess, host: str) -> None:
    assert front.post("/v1/traces", _BODY, JSON | {"host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.example", "[", "", "::1x"]
)
def test_a_rebound_name_is_refused_everywhere(front: FrontProcess, host: str) -> None:
    for path in ("/v1/traces", "/metrics", "/healthz"):
        answer = front.post(path, _BODY, JSON | {"host": host})
        assert answer.status == 403
        assert "collector.allowed_hosts" in answer.json["message"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8501"])
def test_a_web_page_is_refused(front: FrontProcess, origin: str) -> None:
    answer = front.post("/v1/traces", _BODY, JSON | {"origin": origin})
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers
    assert front.request("OPTIONS", "/v1/traces", headers={"origin": origin}).status == 403


def test_names_and_pages_can_be_allowed(own_front: Callable[..., FrontProcess]) -> None:
    front = own_front(allowed_hosts=("collector.internal",), cors_origins=("https://app.example",))
    headers = JSON | {"host": "collector.internal:4318", "origin": "https://app.example"}
    preflight = front.request("OPTIONS", "/v1/traces", headers=headers)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-methods"] == "POST"
    assert "content-type" in preflight.headers["access-control-allow-headers"]
    answer = front.post("/v1/traces", _BODY, headers)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert answer.headers["vary"] == "origin"
    assert front.post("/v1/traces", _BODY, JSON | {"origin": "https://other.example"}).status == 403
    refused = front.post("/v1/traces", b"{", headers)
    assert refused.status == 400
    assert refused.headers["access-control-allow-origin"] == "https://app.example"


def test_an_unknown_path_is_404_and_another_method_405(front: FrontProcess) -> None:
    assert front.post("/v1/spans", _BODY, JSON).status == 404
    answer = front.request("GET", "/v1/traces")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    answer = front.post("/metrics", b"")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert front.request("OPTIONS", "/v1/traces").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/v1/traces",
        "/v1/traces/",
        "/v1/logs",
        "/v1/metrics",
        "/otel/v1/traces",
        "/api/public/otel/v1/traces",
        "/agents/otel/v1/traces",
    ],
)
def test_the_paths_of_the_vendors_are_served(front: FrontProcess, path: str) -> None:
    assert front.post(path, b"{}", JSON).status == 200
    assert front.last_body().signal == path.rstrip("/").rpartition("/")[2]
