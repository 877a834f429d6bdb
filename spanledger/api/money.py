"""What applications ask and tell: how a budget stands, before they spend; and feedback, when it comes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analytics.feedback import Judgement, read_judgement, record_judgements
from spanledger.access.gate import PERSON
from spanledger.operations.performing import record_by
from spanledger.services import Services
from store.clock import utc_now
from store.control.access import UNNAMED
from store.errors import NotFound, RejectedData, StoreUnavailable

MAX_BODY_BYTES = 1_000_000
MAX_JUDGEMENTS = 1_000


def money_routes(services: Services) -> Sequence[Route]:
    """Return `/api/budgets`, `/api/budgets/NAME?user_id=…` and `/api/feedback`."""

    async def list_budgets(_: Request) -> Response:
        return JSONResponse({"budgets": [state.to_dict() for state in services.budgets.states]})

    async def ask_budget(request: Request) -> Response:
        try:
            state = services.budgets.answer(request.path_params["name"], dict(request.query_params))
        except NotFound as error:
            return JSONResponse({"error": str(error)}, status_code=404)
        return JSONResponse(state.to_dict())

    async def take_feedback(request: Request) -> Response:
        body = await request.body()
        try:
            judgements = [read_judgement(fields, utc_now()) for fields in _read_items(body)]
        except RejectedData as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        try:
            recorded = record_judgements(services.store, judgements, utc_now())
        except StoreUnavailable as error:
            return JSONResponse({"error": str(error)}, status_code=503)
        services.scheduler.wake()
        if recorded:
            await run_in_threadpool(_record, services, request, judgements, recorded)
        return JSONResponse({"recorded": recorded})

    return [
        Route("/api/budgets", list_budgets),
        Route("/api/budgets/{name}", ask_budget),
        Route("/api/feedback", take_feedback, methods=["POST"]),
    ]


def _record(services: Services, request: Request, judgements: Sequence[Judgement], recorded: int) -> None:
    person = request.scope.get(PERSON)
    record_by(
        services,
        actor=(person.name if person is not None else "") or UNNAMED,
        action="feedback.add",
        subject=judgements[0].target_id if len(judgements) == 1 else None,
        detail={"names": sorted({judgement.name for judgement in judgements}), "recorded": recorded},
    )


def _read_items(body: bytes) -> list[dict[str, Any]]:
    if len(body) > MAX_BODY_BYTES:
        raise RejectedData(f"the body has more than {MAX_BODY_BYTES} bytes; send fewer judgements at once")
    try:
        given: object = json.loads(body)
    except (ValueError, RecursionError):
        raise RejectedData("the body is no JSON; send an object, or a list of objects") from None
    items = cast("list[object]", given) if isinstance(given, list) else [given]
    if not items or len(items) > MAX_JUDGEMENTS or not all(isinstance(item, dict) for item in items):
        raise RejectedData(f"send one judgement as an object, or a list of up to {MAX_JUDGEMENTS}")
    return cast("list[dict[str, Any]]", items)
