"""The gate in front of everything: pages, API, metrics and websockets are for who signed in, changes for admins."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from spanledger.access.access import COOKIE, LENGTH, Access
from spanledger.access.page import write_page
from store.control.access import Person

OPEN: Final = ("/healthz", "/readyz")
"""What says nothing but whether the process works."""
OF_OIDC: Final = ("/auth/login", "/oauth2callback")
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
START_OIDC: Final = "/sign-in/provider"
READING: Final = ("/api/alerts/backtest",)
"""What is asked with POST and changes nothing."""
PERSON: Final = "spanledger.person"
"""Where the scope of a request says who asks."""
_OF_PROVIDER: Final = "_streamlit_user"
"""What the cookies begin with that Streamlit keeps of a provider's answer."""
_MOST_FORM_BYTES: Final = 10_000
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class AccessGate:
    """Pure ASGI middleware; lets everybody through where nobody has to sign in."""

    def __init__(self, app: ASGIApp, access: Access, *, is_secure: bool) -> None:
        self._app = app
        self._access = access
        self._is_secure = is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer sign-in and sign-out, refuse strangers and what viewers must not do, hand on everything else."""
        if scope["type"] not in ("http", "websocket") or not self._access.settings.is_required:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "http" and (answer := await self._answer(scope, receive)) is not None:
            await answer(scope, receive, send)
            return
        if self._is_open(scope):
            await self._app(scope, receive, send)
            return
        person = await run_in_threadpool(self._access.identify, _headers(scope))
        if person is None and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "sign in first"})
        elif person is None:
            answer = await self._adopt(scope) or _send_away(scope)
            await answer(scope, receive, send)
        elif scope["type"] == "http" and not _is_allowed(person, scope):
            refusal = {"error": f"{person.name} is a viewer, who reads and changes nothing; ask an admin"}
            await JSONResponse(refusal, 403)(scope, receive, send)
        else:
            await self._app({**scope, PERSON: person}, receive, send)

    async def _adopt(self, scope: Scope) -> Response | None:
        """Let somebody in whom the provider knows, and forget its own cookie: ours can be ended."""
        if not _is_visit(scope):
            return None
        address = scope["client"][0] if scope.get("client") else ""
        token = await run_in_threadpool(self._access.adopt, _headers(scope), address)
        return None if token is None else self._let_in(token, _address(scope), scope)

    def _let_in(self, token: str, wanted: str, scope: Scope) -> Response:
        answer = RedirectResponse(wanted, 303, _HEADERS)
        answer.set_cookie(
            COOKIE,
            token,
            max_age=round(LENGTH.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._is_secure,
        )
        _forget_provider(answer, scope)
        return answer

    def _is_open(self, scope: Scope) -> bool:
        open_paths = (*OPEN, *OF_OIDC) if self._access.settings.oidc else OPEN
        return scope["type"] == "http" and scope["path"] in open_paths

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        path, method = scope["path"], scope["method"]
        if path == SIGN_IN and method == "POST":
            return await self._sign_in(Request(scope, receive))
        if path == SIGN_IN and method in ("GET", "HEAD"):
            asked = parse_qs(scope["query_string"].decode("latin-1"))
            problem = await run_in_threadpool(self._access.explain_stranger, _headers(scope))
            return self._show_form(_local(next(iter(asked.get("next", [])), "/")), problem)
        if path == START_OIDC and self._access.settings.oidc:
            # Imported late: only the dashboard knows Streamlit, and this process may run without it.
            from dashboard.oidc import start_address

            return RedirectResponse(start_address(), 303)
        if path == SIGN_OUT:
            return await self._sign_out(scope)
        return None

    async def _sign_in(self, request: Request) -> Response:
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_FORM_BYTES:
                return self._show_form("/", "That was too long.", status=413)
        form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        name, password = (next(iter(form.get(key, [])), "").strip() for key in ("name", "password"))
        wanted = _local(next(iter(form.get("next", [])), "/"))
        address = request.client.host if request.client else ""
        if wait := self._access.attempts.wait_s(name, address):
            words = f"Too many wrong passwords. Try again in {wait} s."
            return self._show_form(wanted, words, name, status=429, headers={"Retry-After": str(wait)})
        token = await run_in_threadpool(self._access.sign_in, name, password, address)
        if token is None:
            return self._show_form(wanted, "This name and password do not go together.", name, status=401)
        return self._let_in(token, wanted, request.scope)

    async def _sign_out(self, scope: Scope) -> Response:
        headers = _headers(scope)
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return RedirectResponse("/", 303)
        await run_in_threadpool(self._access.sign_out, headers)
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=self._is_secure)
        _forget_provider(answer, scope)
        return answer

    def _show_form(
        self, wanted: str, problem: str = "", name: str = "", *, status: int = 200, headers: Any = None
    ) -> Response:
        settings = self._access.settings
        text = write_page(
            wanted,
            problem,
            name,
            with_password=bool(settings.users),
            provider=START_OIDC if settings.oidc else "",
        )
        return HTMLResponse(text, status, {**_HEADERS, **(headers or {})})


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}; {text}" if key in found and key == "cookie" else text
    return found


def _is_allowed(person: Person, scope: Scope) -> bool:
    return person.may_change or scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"] in READING


def _send_away(scope: Scope) -> Response:
    """Return the way to the sign-in for people, and a refusal for scripts."""
    if _is_visit(scope):
        return RedirectResponse(f"{SIGN_IN}?next={quote(_address(scope), safe='')}", 303)
    refusal = {
        "error": "nobody is signed in; send a key as Authorization: Bearer KEY, or sign in at /sign-in"
    }
    return JSONResponse(refusal, 401, {"WWW-Authenticate": 'Bearer realm="spanledger"'})


def _is_visit(scope: Scope) -> bool:
    """Whether somebody opens a page."""
    return scope["method"] == "GET" and "text/html" in _headers(scope).get("accept", "")


def _address(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return _local(scope["path"] + (f"?{query}" if query else ""))


def _forget_provider(answer: Response, scope: Scope) -> None:
    for name in cookie_parser(_headers(scope).get("cookie", "")):
        if name.startswith(_OF_PROVIDER):
            answer.delete_cookie(name)


def _local(wanted: str) -> str:
    """Return an address of ours: another site must not be where a sign-in leads."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours and not wanted.startswith(SIGN_IN) else "/"
