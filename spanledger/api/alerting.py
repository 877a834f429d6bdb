"""Alerts over HTTP: the same operations that commands and pages use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import pyarrow as pa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from spanledger.access.gate import PERSON
from spanledger.operations.performing import perform_operation
from spanledger.services import Services
from store.errors import ConfigError, NotFound, QueryRejected, RejectedData, SpanledgerError

MAX_BODY_BYTES: Final = 100_000
REMARKS: Final = ("acknowledge", "release", "assign", "comment", "snooze")
_STATUSES: Final = ((NotFound, 404), (ConfigError, 400), (QueryRejected, 400), (RejectedData, 400))


def alerting_routes(services: Services) -> Sequence[Route]:
    """Return the routes below `/api/alerts`, `/api/silences` and `/api/incidents`."""
    api = _Api(services)
    return [
        Route("/api/alerts", api.list_alerts),
        Route("/api/alerts/rules", api.list_rules),
        Route("/api/alerts/backtest", api.backtest, methods=["POST"]),
        Route("/api/alerts/{alert}", api.show_alert),
        Route("/api/alerts/{alert}/{kind}", api.remark, methods=["POST"]),
        Route("/api/silences", api.list_silences),
        Route("/api/silences", api.silence, methods=["POST"]),
        Route("/api/silences/{silence:int}", api.unsilence, methods=["DELETE"]),
        Route("/api/incidents", api.list_incidents),
    ]


class _Api:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def list_alerts(self, _: Request) -> Response:
        return await self._answer("alerts", {})

    async def list_rules(self, _: Request) -> Response:
        return await self._answer("alert-rules", {})

    async def list_silences(self, _: Request) -> Response:
        return await self._answer("alert-silences", {})

    async def list_incidents(self, request: Request) -> Response:
        return await self._answer("alert-incidents", {"since": request.query_params.get("since")})

    async def show_alert(self, request: Request) -> Response:
        return await self._answer("alert-show", {"alert": request.path_params["alert"]})

    async def remark(self, request: Request) -> Response:
        kind = request.path_params["kind"]
        if kind not in REMARKS:
            known = ", ".join(REMARKS)
            return _refuse(NotFound(f"{kind[:80]!r} is nothing that can be done about an alert; use {known}"))
        given = {"alert": request.path_params["alert"], "kind": kind, "for": "1h"}
        return await self._answer("alert-remark", given, request, needs=("author",))

    async def silence(self, request: Request) -> Response:
        needs = ("matchers", "author", "comment")
        return await self._answer("alert-silence", {"for": "2h"}, request, needs=needs)

    async def unsilence(self, request: Request) -> Response:
        given = {"silence": request.path_params["silence"]}
        return await self._answer("alert-unsilence", given, request, needs=("author",))

    async def backtest(self, request: Request) -> Response:
        given: dict[str, Any] = {"from": "7d", "alert": ""}
        return await self._answer("alert-backtest", given, request, needs=())

    async def _answer(
        self,
        operation: str,
        arguments: Mapping[str, Any],
        request: Request | None = None,
        *,
        needs: Sequence[str] = (),
    ) -> Response:
        try:
            body = {} if request is None else _read_object(await request.body())
            given = {**arguments, **body, **_fixed(request)}
            for name in needs:
                if not given.get(name):
                    raise RejectedData(f"{name} is missing; send it in the JSON object of the body")
            found = await run_in_threadpool(perform_operation, self._services, operation, given)
        except SpanledgerError as error:
            return _refuse(error)
        if isinstance(found, pa.Table):
            from spanledger.cli.tables import to_json

            return Response(to_json(found), media_type="application/json")
        return JSONResponse(found)


def _fixed(request: Request | None) -> Mapping[str, Any]:
    """Return what the path and the sign-in say, which a body cannot change."""
    if request is None:
        return {}
    person = request.scope.get(PERSON)
    said = {"author": person.name} if person is not None and person.name else {}
    return {**request.path_params, **said}


def _read_object(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY_BYTES:
        raise RejectedData(f"the body has more than {MAX_BODY_BYTES} bytes; shorten it")
    try:
        found: object = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RejectedData("the body is no JSON object; send one")
    given = cast("dict[str, Any]", found)
    for name in ("author", "comment", "text", "for", "from", "to", "alert"):
        if name in given and not isinstance(given[name], str):
            raise RejectedData(f"{name} is no text; put it in quotes")
    matchers = given.get("matchers", [])
    if not isinstance(matchers, list) or not all(
        isinstance(item, str) for item in cast("list[object]", matchers)
    ):
        raise RejectedData('matchers is no list of texts; send ["agent=\\"support\\""]')
    return given


def _refuse(error: SpanledgerError) -> Response:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 503)
    return JSONResponse({"error": str(error)}, status_code=status)
