"""Does operations for whoever asks, keeps in the audit what they changed, and lets the SQL views show it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from spanledger.operations import Progress, find_operation
from spanledger.services import Services
from store.clock import utc_now
from store.control import mirror_control
from store.control.access import UNNAMED
from store.control.auditing import AuditRow, record_change
from store.errors import SpanledgerError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Change:
    """How an operation that keeps no record of its own stands in the audit."""

    action: str
    """What was done; fields in braces are arguments."""
    subject: str
    """The argument that says to what."""
    whole: str = ""
    """What it was done to when that argument is not given."""


_CHANGES: Final[Mapping[str, _Change]] = {
    "alert-replay": _Change("notification.replay", "notification", "every dead notification"),
    "drift_decide": _Change("drift.{action}", "series", "every series"),
    "drift_mark": _Change("drift.{action}", "alarm_id"),
    "feedback": _Change("feedback.import", "file"),
    "golden-import": _Change("golden.import", "suite"),
    "prices-close": _Change("prices.close", "month"),
    "prices-update": _Change("prices.update", "file"),
    "renormalise": _Change("renormalise", "service", "every service"),
    "reprice": _Change("reprice", "model", "every model"),
    "review-label": _Change("review.label", "run_id"),
}
_RECORDED_BY_THEMSELVES: Final = frozenset(
    {"alert-change", "alert-remark", "alert-silence", "alert-test", "alert-unsilence"}
)
_UNTOLD: Final = ("author", "action", "dry_run")


def perform_operation(
    services: Services, name: str, arguments: Mapping[str, Any], progress: Progress = lambda _: None
) -> Mapping[str, Any] | pa.Table:
    """Do an operation and return its answer; what it changed is in `audit`, and in the views, when it returns.

    What was done is done: where it cannot be kept or shown the log says so, and the answer is the operation's.

    Raises:
        NotFound: There is no such operation here.
        SpanledgerError: Whatever the operation raised.
    """
    answer = find_operation(name)(services, arguments, progress)
    change = _CHANGES.get(name)
    if change is not None and not arguments.get("dry_run"):
        record_by(services, **_describe(change, arguments, answer))
    elif name in _RECORDED_BY_THEMSELVES:
        _show(services)
    return answer


def record_by(
    services: Services, *, actor: str, action: str, subject: str | None, detail: Mapping[str, Any] | None
) -> None:
    """Keep in the audit what somebody did, and let the view show it; where that fails the log tells what was done."""
    row = AuditRow(happened_at=utc_now(), actor=actor, action=action, subject=subject, detail=detail)
    try:
        with services.control.begin() as connection:
            record_change(connection, row)
    except SpanledgerError as error:
        _log.error("%s was done and is not in the audit: %s; it would say %s", action, error, row)
        return
    _show(services)


def _show(services: Services) -> None:
    """Let the views show what changed; should that fail now, the next time shows this too."""
    try:
        mirror_control(services.control, services.store)
    except SpanledgerError as error:
        _log.warning("the views do not show the latest change yet: %s", error)


def _describe(
    change: _Change, arguments: Mapping[str, Any], answer: Mapping[str, Any] | pa.Table
) -> dict[str, Any]:
    told = {**arguments, **(answer if isinstance(answer, Mapping) else {})}
    detail = {
        name: value
        for name, value in told.items()
        if isinstance(value, str | int | float) and name not in (*_UNTOLD, change.subject)
    }
    subject = arguments.get(change.subject)
    return {
        "actor": arguments.get("author") or UNNAMED,
        "action": change.action.format_map(arguments),
        "subject": (change.whole or None) if subject is None else str(subject),
        "detail": detail or None,
    }
