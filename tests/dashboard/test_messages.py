from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.messages import MESSAGES_SHOWN, TEXT_CHARACTERS, read_messages

NAMES = [
    "role",
    "parts",
    "content",
    "type",
    "tool_calls",
    "function",
    "arguments",
    "name",
    "message",
    "messages",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(NAMES),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip


def read(value: Any, direction: str = "input", kind: str = "llm") -> list[dict[str, Any]]:
    return read_messages(
        value if isinstance(value, str) else json.dumps(value), direction=direction, kind=kind
    )


def test_parts_of_the_otel_form_are_recognised() -> None:
    (message,) = read(
        [
            {
                "role": "assistant",
                "parts": [
                    {"type": "reasoning", "content": "hm"},
                    {"type": "text", "content": "Looking it up."},
                    {"type": "tool_call", "id": "1", "name": "search", "arguments": {"q": "x"}},
                    {"type": "tool_call_response", "id": "1", "response": "found"},
                    {"type": "blob", "mime_type": "image/png", "content": "A" * 4096},
                ],
            }
        ],
        "output",
    )
    assert [part["kind"] for part in message["parts"]] == ["thinking", "text", "call", "result", "media"]
    assert message["parts"][2] == {"kind": "call", "name": "search", "text": '{\n  "q": "x"\n}'}
    assert message["parts"][4]["text"] == "image/png, about 3 KiB, not shown"


def test_messages_of_the_openai_form_are_recognised() -> None:
    first, second = read(
        [
            {"role": "user", "content": "hello"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"function": {"name": "f", "arguments": '{"a":1}'}}],
            },
        ]
    )
    assert first["parts"] == [{"kind": "text", "name": "", "text": "hello"}]
    assert second["parts"] == [{"kind": "call", "name": "f", "text": '{\n  "a": 1\n}'}]


def test_plain_text_is_one_message_of_the_expected_role() -> None:
    assert read("just text")[0]["role"] == "user"
    assert read("just text", "output")[0]["role"] == "assistant"
    assert read("[not json")[0]["parts"][0]["text"] == "[not json"


def test_a_tool_span_shows_arguments_and_result() -> None:
    assert read('{"q":1}', "input", "tool")[0]["parts"][0]["kind"] == "call"
    assert read("ok", "output", "tool")[0]["parts"][0]["kind"] == "result"


def test_nothing_recorded_is_no_message() -> None:
    assert read_messages(None, direction="input", kind="llm") == []


def test_long_texts_and_lists_are_bounded() -> None:
    text = read("x" * 1_000_000)[0]["parts"][0]["text"]
    assert len(text) < TEXT_CHARACTERS + 60
    assert text.endswith("800,000 more characters")
    assert len(read([{"role": "user", "content": "x"}] * 1_000)) == MESSAGES_SHOWN + 1


def test_deep_nesting_is_shown_as_text() -> None:
    assert read("[" * 100_000)[0]["parts"][0]["kind"] == "text"


@given(anything, st.sampled_from(["input", "output"]), st.sampled_from(["llm", "tool", "agent"]))
def test_any_json_becomes_messages_of_text(value: Any, direction: str, kind: str) -> None:
    for message in read_messages(json.dumps(value), direction=direction, kind=kind):
        assert isinstance(message["role"], str)
        assert all(isinstance(text, str) for part in message["parts"] for text in part.values())  # pyright: ignore


@given(st.text())
def test_any_text_becomes_messages(text: str) -> None:
    read_messages(text, direction="input", kind="llm")
