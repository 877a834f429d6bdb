"""What an answer over HTTP means for a delivery: done, try again, or never."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from alerts.messages.texts import clean_line
from store.clock import Clock, utc_now
from store.errors import DeliveryFailed

_RETRIED: Final = frozenset({408, 425, 429})
_LONGEST_BODY: Final = 200


class _Parameters(msgspec.Struct):
    retry_after: float | None = None


class _Wait(msgspec.Struct):
    """Telegram says it in parameters, Discord beside its message."""

    retry_after: float | None = None
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


def check_answer(status: int, headers: Mapping[str, str], body: str, *, clock: Clock = utc_now) -> None:
    """Return when the answer means delivered.

    Raises:
        DeliveryFailed: 408, 425, 429 and 5xx are worth another attempt, everything else is not.
    """
    if 200 <= status < 300:
        return
    said = clean_line(body, _LONGEST_BODY)
    message = f"it answered {status}{f': {said}' if said else ''}"
    if status in _RETRIED or status >= 500:
        wait_s = read_retry_after(headers, clock())
        raise DeliveryFailed(
            message, retry=True, retry_after_s=_find_wait_s(body) if wait_s is None else wait_s
        )
    if 300 <= status < 400:
        message += "; redirects are not followed, so give the address it leads to"
    raise DeliveryFailed(message, retry=False)


def _find_wait_s(body: str) -> float | None:
    """Return the seconds that a body asks to wait, as Telegram and Discord write them."""
    try:
        said = msgspec.json.decode(body, type=_Wait)
    except msgspec.MsgspecError:
        return None
    wait_s = said.parameters.retry_after if said.retry_after is None else said.retry_after
    return wait_s if wait_s is not None and 0 <= wait_s < 1e9 else None


def read_retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that Retry-After, a number or a date, asks for; None without a usable one."""
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
