"""Whether what a run gave out is an answer: text, or JSON that holds more than empty texts and requests for tools."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import polars as pl

_EMPTY: Final = ("", "null", "none", "{}", "[]", '""')
_HOLLOW: Final = r'"\s*"|null|\[\]|\{\}|tool_?(?:call|use)|function_?call|toolCall|toolUse|functionCall'
"""What JSON that may be no answer holds somewhere; other JSON is not decoded."""
_LONGEST: Final = 1_000_000
"""Of longer JSON nobody says that it is empty."""
_CONTENT: Final = (
    "messages", "message", "parts", "content", "contents", "text", "output", "outputs", "output_text", "response",
    "answer", "result", "results", "final_output", "completion", "reply", "replies", "generations", "candidates",
    "choices", "kwargs", "object", "data",
)  # fmt: skip
_REQUESTS: Final = frozenset(
    ("tool_call", "tool_use", "function_call", "toolCall", "toolUse", "functionCall", "tool-call", "reasoning",
     "thinking")
)  # fmt: skip
_LANGCHAIN_ROLES: Final = frozenset(("human", "ai", "system", "tool"))
_SPEAKERS: Final = frozenset(("role", "type"))
_CARRIERS: Final = (
    "messages", "message", "parts", "generations", "candidates", "choices", "kwargs", "tool_calls", "toolCalls",
    "function_call", "functionCall",
)  # fmt: skip
"""Where something stands in one of these, the object carries what a model said, and says nothing by itself."""
_ABOUT: Final = _SPEAKERS | {
    "id", "index", "model", "created", "usage", "metrics", "stop_reason", "stopReason", "finish_reason", "finishReason",
}  # fmt: skip
"""What stands beside a model's text and is about it."""


def holds_answer(outputs: pl.Series) -> pl.Series:
    """Return for each output whether it answers; null where there is none.

    >>> holds_answer(pl.Series(["Paris", '[{"role":"assistant","content":""}]', '{"sum": 3}', None])).to_list()
    [True, False, True, None]
    """
    texts = outputs.str.strip_chars()
    answers = ~texts.str.to_lowercase().is_in(_EMPTY)
    doubtful = (
        answers
        & texts.str.contains(r'^[\[{"]')
        & texts.str.contains(_HOLLOW)
        & (texts.str.len_bytes() <= _LONGEST)
    )
    rows = doubtful.fill_null(value=False).arg_true()
    if rows.is_empty():
        return answers
    return answers.scatter(rows, [_decode_and_ask(text) for text in texts.gather(rows).to_list()])


def _decode_and_ask(text: str) -> bool:
    try:
        return _says_something(msgspec.json.decode(text))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return True


def _says_something(said: Any) -> bool:
    """Of what a model said its content decides, of a conversation the last message, of other objects any value."""
    if isinstance(said, str):
        return bool(said.strip())
    if isinstance(said, list):
        if said and all(map(_is_message, said)):
            return _says_something(said[-1])
        return any(map(_says_something, said))
    if not isinstance(said, dict):
        return said is not None
    if said.get("type") in _REQUESTS:
        return False
    content = [said[name] for name in _CONTENT if name in said]
    if content and (_is_message(said) or any(map(said.get, _CARRIERS))):
        return any(map(_says_something, content))
    beside = _ABOUT if content else _SPEAKERS
    return any(_says_something(said[name]) for name in said if name not in beside)


def _is_message(said: Any) -> bool:
    return isinstance(said, dict) and (
        "role" in said or "kwargs" in said or said.get("type") in _LANGCHAIN_ROLES
    )
