"""Slack by a bot token: the first message of a group shows its present state, what happens is told in its thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from alerts.channels.channel import Receipt, Thread
from alerts.channels.posting import Poster, read_object
from alerts.messages.model import Message
from alerts.messages.slack_blocks import render_slack
from store.configuration.secrets import Secret, SecretUrl
from store.errors import DeliveryFailed

SLACK_API: Final = "https://slack.com/api"
_TEMPORARY: Final = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
     "team_added_to_org", "msg_blocks_pending"}
)  # fmt: skip
_GONE: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "no_thread"}
)
_EVENT: Final = "spanledger_alert"


class _Place(msgspec.Struct, frozen=True):
    """Where a message stands: Slack's own id of the channel, and the message's time."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class SlackBot:
    """One bot in one channel."""

    token: Secret
    to: str
    api: SecretUrl
    timeout_s: float

    def send(self, message: Message, idempotency_key: str, thread: Thread) -> Receipt:
        """Post the message, or bring the group's first one up to date and tell the change in its thread."""
        place = _read_place(thread.handle)
        text, blocks = render_slack(message)
        body: dict[str, Any] = {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}
        body["metadata"] = {"event_type": _EVENT, "event_payload": {"key": idempotency_key}}
        if place is not None and self._update(place, body):
            if not (thread.attempt > 1 and self._was_posted(place.channel, place.ts, idempotency_key)):
                is_repeat = message.reason == "repeat_interval"
                self._call(
                    "chat.postMessage",
                    {**body, "channel": place.channel, "thread_ts": place.ts, "reply_broadcast": is_repeat},
                )
            return Receipt()
        known = self._find_posted(idempotency_key) if thread.attempt > 1 else None
        return Receipt(handle=msgspec.json.encode(known or self._post(body)).decode())

    def _post(self, body: dict[str, Any]) -> _Place:
        answer = self._call("chat.postMessage", {**body, "channel": self.to})
        return _Place(str(answer.get("channel") or self.to), str(answer.get("ts") or ""))

    def _update(self, place: _Place, body: dict[str, Any]) -> bool:
        """Bring the first message up to date; return False when it is not there any more."""
        try:
            self._call("chat.update", {**body, "channel": place.channel, "ts": place.ts})
        except _SaidNo as error:
            if error.code in _GONE:
                return False
            raise
        return True

    def _was_posted(self, channel: str, ts: str, key: str) -> bool:
        """Tell whether an earlier attempt reached the thread; False when the bot may not look."""
        return any(_key_of(found) == key for found in self._look("conversations.replies", channel, ts=ts))

    def _find_posted(self, key: str) -> _Place | None:
        for found in self._look("conversations.history", self.to):
            if _key_of(found) == key:
                return _Place(self.to, str(found["ts"]))
        return None

    def _look(self, method: str, channel: str, **arguments: str) -> list[dict[str, Any]]:
        try:
            asked = {"channel": channel, "limit": 50, "include_all_metadata": True, **arguments}
            answer = self._call(method, asked)
        except _SaidNo as error:
            if error.retry:
                raise
            return []
        return [found for found in answer.get("messages", []) if isinstance(found, dict)]

    def _call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        poster = Poster("slack", self.api, self.timeout_s, (self.token,))
        headers = {
            "Authorization": f"Bearer {self.token.reveal()}",
            "Content-Type": "application/json; charset=utf-8",
        }
        said = poster.post(arguments, headers, path=f"/{method}")
        answer = read_object(said)
        if answer.get("ok") is not True:
            code = str(answer.get("error") or "no JSON")[:100]
            text = poster.say(f"{method} answered {code!r}")
            raise _SaidNo(text, code=code, retry=code in _TEMPORARY or not answer)
        return answer


class _SaidNo(DeliveryFailed):
    """Slack answered 200 and an error."""

    def __init__(self, message: str, *, code: str, retry: bool) -> None:
        super().__init__(message, retry=retry)
        self.code = code


def _read_place(handle: str | None) -> _Place | None:
    if handle is None:
        return None
    try:
        return msgspec.json.decode(handle, type=_Place)
    except msgspec.MsgspecError:
        return None


def _key_of(found: dict[str, Any]) -> str:
    payload = (found.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("key") or "")
