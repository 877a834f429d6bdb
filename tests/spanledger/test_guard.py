"""Only our own pages and tools reach a server on loopback."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from spanledger.api.guard import HostGuard


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


@pytest.fixture
def client() -> TestClient:
    app = Starlette(
        routes=[Route("/", lambda _: PlainTextResponse("hello")), WebSocketRoute("/stream", talk)],
        middleware=[Middleware(HostGuard, addresses=["127.0.0.1:8501", "https://ledger.example.com"])],
    )
    return TestClient(app, base_url="http://127.0.0.1:8501")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8501"}, 200),
        ({"Host": "[::1]:8501"}, 200),
        ({"Host": "ledger.example.com"}, 200),
        ({"Origin": "https://ledger.example.com"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 421),
        ({"Origin": "null"}, 421),
    ],
)
def test_host_and_origin_decide(client: TestClient, headers: dict[str, str], status: int) -> None:
    assert client.get("/", headers=headers).status_code == status


def test_a_websocket_of_another_site_is_closed(client: TestClient) -> None:
    with client.websocket_connect("/stream", headers={"Host": "localhost"}) as socket:
        assert socket.receive_text() == "hello"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/stream", headers={"Origin": "http://evil.example"}),
    ):
        pass
