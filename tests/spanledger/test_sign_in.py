"""The core process with a sign-in: by password in a real browser, and by a real OpenID Connect provider."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, expect

from spanledger.access.passwords import hash_password
from spanledger.layout import make_data_dir
from tests.spanledger.oidc_provider import Provider, provided

ROOT = Path(__file__).parents[2]
HTML = {"Accept": "text/html"}
SCRIPT = {"Accept": "*/*"}


@dataclass
class Served:
    url: str
    provider: Provider


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = make_data_dir(tmp_path_factory.mktemp("signed") / "data")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with provided() as provider:
        (directory / "spanledger.toml").write_text(
            f'[dashboard]\nhttp = "0.0.0.0:{port}"\nurl = "http://127.0.0.1:{port}"\n'
            f'[[user]]\nname = "kim"\nrole = "viewer"\npassword = "{hash_password("correct horse battery")}"\n'
            f'[oidc]\nserver_metadata_url = "{provider.url}/.well-known/openid-configuration"\n'
            f'client_id = "{provider.client_id}"\nclient_secret = "{provider.client_secret}"\n'
            'admins = ["ann@example.com"]\nviewers = ["*@partner.example"]\n',
            encoding="utf-8",
        )
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "spanledger.core", "--data", str(directory)], cwd=ROOT
        )
        try:
            _await(f"http://127.0.0.1:{port}/healthz", process)
            yield Served(f"http://127.0.0.1:{port}", provider)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the core ended with status {process.returncode}"
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the core did not answer within 300 s")


@contextmanager
def visit(served: Served, email: str) -> Generator[httpx.Client]:
    """Sign in with the provider as somebody, as a browser does."""
    served.provider.email = email
    with httpx.Client(base_url=served.url, follow_redirects=True, timeout=30, headers=HTML) as client:
        page = client.get("/traces")
        assert page.url.path == "/sign-in"
        assert 'href="/sign-in/provider"' in page.text
        client.get("/sign-in/provider")
        yield client


def test_an_admin_of_the_provider_may_change_things_under_their_own_name(served: Served) -> None:
    with visit(served, "ann@example.com") as client:
        assert client.get("/api/alerts", headers=SCRIPT).status_code == 200
        asked = {"matchers": ['agent="x"'], "comment": "why", "author": "somebody else"}
        assert client.post("/api/silences", json=asked).status_code == 200
        (silence,) = client.get("/api/silences").json()
        assert silence["author"] == "ann@example.com"
        client.get("/sign-out")
        assert client.get("/api/alerts", headers=SCRIPT).status_code == 401


def test_a_viewer_of_a_whole_domain_reads_only(served: Served) -> None:
    with visit(served, "bob@partner.example") as client:
        assert client.get("/api/alerts", headers=SCRIPT).status_code == 200
        assert client.post("/api/silences", json={}).status_code == 403


def test_who_is_on_no_list_is_told_so(served: Served) -> None:
    with visit(served, "eve@evil.example") as client:
        page = client.get("/")
        assert "eve@evil.example there, which is on no list here" in page.text
        assert client.get("/api/alerts", headers=SCRIPT).status_code == 401


def test_a_forged_cookie_of_the_provider_opens_nothing(served: Served) -> None:
    forged = {"_streamlit_user": "eyJlbWFpbCI6ICJhbm5AZXhhbXBsZS5jb20ifQ.aaaa.bbbb"}
    assert httpx.get(f"{served.url}/api/alerts", cookies=forged).status_code == 401


def test_a_person_signs_in_with_a_password_reads_and_signs_out(browser: Browser, served: Served) -> None:
    with closing(browser.new_page()) as page:
        page.set_default_timeout(60_000)
        page.goto(f"{served.url}/alerts")
        page.get_by_label("Name").fill("kim")
        page.get_by_label("Password").fill("wrong password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not go together", timeout=60_000)
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="No alert is firing")).to_be_visible(timeout=60_000)
        expect(page.get_by_text("kim, viewer")).to_be_visible(timeout=60_000)
        page.get_by_role("link", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in to Spanledger")).to_be_visible(timeout=60_000)
