"""Failure classes, from what providers and libraries really say."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.failures import classify_failed, classify_failures
from store.terms import FAILURE_CLASSES


def class_of(error_type: str | None, message: str | None = None, *, is_tool: bool = False) -> str:
    rows = pl.DataFrame(
        {"error_type": [error_type], "status_message": [message]},
        schema={"error_type": pl.String, "status_message": pl.String},
    )
    return str(classify_failures(rows, is_tool=is_tool)[0])


@pytest.mark.parametrize(
    ("error_type", "message", "failure_class"),
    [
        ("openai.RateLimitError", None, "rate_limit"),
        (None, "Error code: 429 - Rate limit reached for gpt-4o on tokens per min.", "rate_limit"),
        ("RateLimitError", "You exceeded your current quota, please check your billing details", "budget"),
        (None, "ThrottlingException: Too many requests", "rate_limit"),
        ("google.genai.errors.ClientError", "429 RESOURCE_EXHAUSTED", "rate_limit"),
        ("openai.APITimeoutError", "Request timed out.", "timeout"),
        ("504", None, "timeout"),
        ("openai.AuthenticationError", "Incorrect API key provided", "auth"),
        ("PermissionDeniedError", None, "auth"),
        ("openai.APIConnectionError", "Connection error.", "network"),
        (None, "getaddrinfo ENOTFOUND api.openai.com", "network"),
        ("openai.InternalServerError", "Error code: 500 - The server had an error", "upstream"),
        ("overloaded_error", "Overloaded", "upstream"),
        ("openai.BadRequestError", "This model's maximum context length is 8192 tokens", "context_length"),
        ("BadRequestError", "prompt is too long: 210000 tokens > 200000 maximum", "context_length"),
        ("ContentFilterError", "Content filter triggered", "content_filter"),
        ("BadRequestError", "Invalid value: 'temperature'", "invalid_request"),
        ("NotFoundError", "model does not exist", "invalid_request"),
        ("GraphRecursionError", "Recursion limit of 25 reached", "loop"),
        ("MaxTurnsExceeded", "Max turns (10) exceeded", "loop"),
        ("UsageLimitExceeded", "The next request would exceed the request_limit of 5", "budget"),
        ("asyncio.CancelledError", None, "cancelled"),
        ("AbortError", "This operation was aborted", "cancelled"),
        ("UnexpectedModelBehavior", "Exceeded maximum output retries (1)", "loop"),
        ("UnexpectedModelBehavior", "Tool 'x' exceeded max retries count of 1", "loop"),
        (None, "HTTPConnectionPool: Max retries exceeded with url: /v1 (NewConnectionError)", "network"),
        ("JSONDecodeError", "Unterminated string starting at: line 1 column 81 (char 80)", "upstream"),
        ("SyntaxError", "Unexpected token '<', \"<html>\" is not valid JSON", "upstream"),
        (None, "KeyError('x')Traceback (most recent call last):\n  File 'a.py', line 402, in f", "unknown"),
        (None, "Traceback (most recent call last):\n  openai.RateLimitError: slow down", "rate_limit"),
        ("ValueError", "something odd", "unknown"),
        (None, None, "unknown"),
    ],
)
def test_errors_have_the_class_a_person_would_give_them(
    error_type: str | None, message: str | None, failure_class: str
) -> None:
    assert class_of(error_type, message) == failure_class


@pytest.mark.parametrize(
    ("message", "failure_class"),
    [
        ("KeyError: 'order Z-999 not found'", "tool_error"),
        ("refund service returned HTTP 503", "tool_error"),
        ("inventory backend timed out for SKU-77", "timeout"),
        ("HTTP 429", "rate_limit"),
        (None, "tool_error"),
    ],
)
def test_a_tools_own_error_is_a_tool_error(message: str | None, failure_class: str) -> None:
    assert class_of(None, message, is_tool=True) == failure_class


def test_only_failed_rows_have_a_class() -> None:
    rows = pl.DataFrame(
        {"status": ["ok", "error"], "error_type": ["x", "TimeoutError"], "status_message": [None, None]},
        schema_overrides={"status_message": pl.String},
    )
    assert classify_failed(rows).to_list() == [None, "timeout"]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.text()), max_size=5))
def test_whatever_an_error_says_it_has_a_class(pairs: list[tuple[str | None, str | None]]) -> None:
    rows = pl.DataFrame(pairs, schema={"error_type": pl.String, "status_message": pl.String}, orient="row")
    assert set(classify_failures(rows)) <= set(FAILURE_CLASSES)
