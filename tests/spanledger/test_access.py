"""Strangers see nothing, viewers change nothing, and a password cannot be guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from spanledger.access.access import COOKIE, Access
from spanledger.access.gate import PERSON, AccessGate
from spanledger.access.passwords import hash_password, is_right
from spanledger.access.settings import parse_access
from spanledger.config import load_config
from store import Control, open_control
from store.control.auditing import list_changes
from store.errors import ConfigError

KEY = "k" * 32
HTML = {"Accept": "text/html"}


@dataclass
class HandClock:
    at: datetime = field(default_factory=lambda: datetime(2026, 11, 20, 12, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def tables() -> dict[str, object]:
    return {
        "user": [
            {"name": "ann", "role": "admin", "password": hash_password("correct horse battery")},
            {"name": "vic", "role": "viewer", "password": "clear but long enough"},
        ],
        "key": [{"name": "prometheus", "role": "viewer", "key": KEY}],
    }


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    control = open_control(tmp_path)
    yield control
    control.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def talk(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text(socket.scope[PERSON].name)
    await socket.close()


def healthy(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


def who(request: Request) -> JSONResponse:
    return JSONResponse({"name": request.scope[PERSON].name, "role": request.scope[PERSON].role})


@pytest.fixture
def access(control: Control, clock: HandClock, tables: dict[str, object], tmp_path: Path) -> Access:
    return Access(parse_access(tables, environ={}, directory=tmp_path), control, clock=clock)


@pytest.fixture
def client(access: Access) -> TestClient:
    app = Starlette(
        routes=[
            Route("/healthz", healthy),
            Route("/api/alerts/backtest", who, methods=["POST"]),
            Route("/{rest:path}", who, methods=["GET", "POST", "DELETE"]),
            WebSocketRoute("/stream", talk),
        ],
        middleware=[Middleware(AccessGate, access=access, is_secure=False)],
    )
    return TestClient(app, base_url="http://ledger.example.com", follow_redirects=False)


def sign_in(
    client: TestClient, name: str = "ann", password: str = "correct horse battery", **more: str
) -> int:
    return client.post("/sign-in", data={"name": name, "password": password, **more}).status_code


def test_a_stranger_is_sent_to_the_sign_in_and_a_script_is_told(client: TestClient) -> None:
    answer = client.get("/traces?range=7d", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2Ftraces%3Frange%3D7d"
    assert client.get("/api/alerts").status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/static/js/index.js").status_code == 401
    assert client.get("/healthz").text == "ok"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/stream"):
        pass


def test_a_password_opens_pages_and_websockets_until_the_sign_out(client: TestClient) -> None:
    answer = client.post(
        "/sign-in", data={"name": "ann", "password": "correct horse battery", "next": "/traces?range=7d"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/traces?range=7d")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/api/x").json() == {"name": "ann", "role": "admin"}
    token = client.cookies[COOKIE]
    with client.websocket_connect("/stream", headers={"Cookie": f"{COOKIE}={token}"}) as socket:
        assert socket.receive_text() == "ann"
    assert client.get("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).headers["location"] == "/"
    assert client.get("/api/x").status_code == 200
    client.get("/sign-out")
    assert client.get("/api/x", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401


def test_a_sign_in_ends_after_a_week(client: TestClient, clock: HandClock) -> None:
    sign_in(client)
    clock.at += timedelta(days=6)
    token = client.cookies[COOKIE]
    assert client.get("/api/x", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 200
    clock.at += timedelta(days=1, seconds=1)
    assert client.get("/api/x", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401


def test_a_viewer_reads_and_asks_but_changes_nothing(client: TestClient) -> None:
    assert sign_in(client, "vic", "clear but long enough") == 303
    assert client.get("/api/x").json()["role"] == "viewer"
    assert client.post("/api/alerts/backtest").status_code == 200
    assert client.post("/api/silences", json={}).status_code == 403
    assert client.delete("/api/silences/1").status_code == 403
    assert client.put("/_stcore/upload_file/x/y").status_code == 403


def test_a_key_of_a_script_is_taken_and_a_wrong_one_is_not(client: TestClient) -> None:
    ours = {"Authorization": f"Bearer {KEY}"}
    assert client.get("/metrics", headers=ours).json()["name"] == "prometheus"
    assert client.post("/api/silences", headers=ours).status_code == 403
    assert client.get("/metrics", headers={"Authorization": f"Bearer {KEY}x"}).status_code == 401


def test_wrong_passwords_make_the_next_one_wait_longer_and_longer(
    client: TestClient, clock: HandClock
) -> None:
    for _ in range(5):
        assert sign_in(client, password="wrong password") == 401
    assert sign_in(client) == 429
    clock.at += timedelta(seconds=1)
    assert sign_in(client, password="wrong password") == 401
    clock.at += timedelta(seconds=1)
    assert sign_in(client) == 429
    clock.at += timedelta(seconds=1)
    assert sign_in(client) == 303
    assert sign_in(client, password="wrong password") == 401


def test_trying_many_names_from_one_address_is_slowed_as_well(
    client: TestClient, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_wrong(*_: object) -> bool:
        return False

    monkeypatch.setattr("spanledger.access.access.is_right", is_wrong)
    answers = [sign_in(client, f"user{i}", "wrong password") for i in range(31)]
    assert answers == [401] * 30 + [429]


def test_sign_ins_and_refusals_are_in_the_audit(client: TestClient, control: Control) -> None:
    sign_in(client, "eve", "let me in please")
    sign_in(client)
    client.get("/sign-out")
    with control.read() as connection:
        rows = [(row.actor, row.action) for row in list_changes(connection)]
    assert rows == [("ann", "sign_out"), ("ann", "sign_in"), ("eve", "sign_in.refuse")]


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: x=1"]
)
def test_a_sign_in_never_leads_to_another_site(client: TestClient, wanted: str) -> None:
    answer = client.post(
        "/sign-in", data={"name": "ann", "password": "correct horse battery", "next": wanted}
    )
    assert answer.headers["location"] == "/"


def test_the_page_shows_what_was_typed_as_text_and_never_the_password(client: TestClient) -> None:
    answer = client.post(
        "/sign-in", data={"name": '"><script>alert(1)</script>', "password": "secret secret"}
    )
    assert "<script>" not in answer.text
    assert "secret secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_user_who_is_taken_out_of_the_configuration_is_out_at_once(
    client: TestClient, control: Control, tables: dict[str, object], tmp_path: Path
) -> None:
    sign_in(client, "vic", "clear but long enough")
    headers = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    users = tables["user"]
    assert isinstance(users, list)
    without = parse_access({"user": users[:1]}, environ={}, directory=tmp_path)
    clock = HandClock()
    assert Access(without, control, clock=clock).identify(headers) is None


def test_a_token_is_kept_as_its_hash(client: TestClient, tmp_path: Path) -> None:
    sign_in(client)
    assert client.cookies[COOKIE].encode() not in (tmp_path / "control.db").read_bytes()
    assert client.cookies[COOKIE].encode() not in (tmp_path / "control.db-wal").read_bytes()


def test_a_hash_is_salted_and_knows_its_password_alone() -> None:
    kept = hash_password("correct horse battery")
    assert kept != hash_password("correct horse battery")
    assert is_right("correct horse battery", kept)
    assert not is_right("correct horse batterz", kept)
    assert not is_right("", None)


class TestConfiguration:
    def load(self, tmp_path: Path, text: str, **environ: str) -> None:
        (tmp_path / "spanledger.toml").write_text(text, encoding="utf-8")
        load_config(tmp_path, environ=environ)

    def test_beyond_loopback_nothing_starts_without_a_sign_in(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="nobody would have to sign in"):
            self.load(tmp_path, '[dashboard]\nhttp = "0.0.0.0:8501"\n')
        with pytest.raises(ConfigError, match="nobody would have to sign in"):
            self.load(
                tmp_path,
                '[[key]]\nname = "k"\nrole = "admin"\nkey = "' + KEY + '"\n[dashboard]\nhttp = "[::]:8501"\n',
            )

    def test_a_password_file_or_the_environment_is_enough(self, tmp_path: Path) -> None:
        (tmp_path / "password").write_text("a password of some length\n")
        self.load(tmp_path, '[dashboard]\nhttp = "0.0.0.0:8501"\npassword_file = "password"\n')
        self.load(
            tmp_path, "", SPANLEDGER_DASHBOARD_HTTP="0.0.0.0:8501",
            SPANLEDGER_DASHBOARD_PASSWORD_FILE=str(tmp_path / "password"),
        )  # fmt: skip
        self.load(
            tmp_path, '[[user]]\nname = "ann"\nrole = "admin"\n[dashboard]\nhttp = "0.0.0.0:8501"\n',
            SPANLEDGER_USER_ANN_PASSWORD="another long password",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('[[user]]\nname = "a"\nrole = "admin"\npassword = "short"\n', "shorter than 12"),
            ('[[user]]\nname = "a"\nrole = "owner"\npassword = "long enough password"\n', "admin"),
            ('[[user]]\nname = "a"\nrole = "admin"\n', "password is missing"),
            ('[[user]]\nname = "a"\nrole = "admin"\npassword = "scrypt$1$2$3$x$y"\n', "broken hash"),
            ('[[key]]\nname = "a"\nrole = "admin"\nkey = "short"\n', "shorter than 24"),
            ('[oidc]\nserver_metadata_url = "https://x"\nclient_id = "c"\nclient_secret = "s"\n', "nobody may come in"),
            ('[dashboard]\npassword_file = "absent"\n', "cannot be read"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said_with_its_remedy(self, tmp_path: Path, text: str, says: str) -> None:
        with pytest.raises(ConfigError, match=says):
            self.load(tmp_path, text)
