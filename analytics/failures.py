"""Failure classes: what kind of trouble an error type and message tell of."""

from __future__ import annotations

from typing import Final

import polars as pl

_PATTERNS: Final[tuple[tuple[str, str], ...]] = (
    ("cancelled", r"cancell?ed|cancellation|\babort(ed|error|signal)?|keyboardinterrupt|client disconnected"),
    (
        "context_length",
        r"context[ _-]?(length|window|size)|maximum context|prompt is too long|too many (input )?tokens"
        r"|input is too long|reduce the length|exceeds? the (model'?s )?(maximum|max).{0,20}tokens"
        r"|string_above_max_length",
    ),
    (
        "content_filter",
        r"content[ _-]?(filter|policy|management|moderation)|content_?blocked|responsible ?ai|\brefus(al|ed to)\b"
        r"|moderation|recitation|prohibited_content|\bsafety\b|guardrail|tripwire",
    ),
    (
        "loop",
        r"recursion|max(imum)?[ _]?(number of )?[ _]?(turns|iterations|steps|loops|rounds)|maxturns|maxiterations"
        r"|too many (turns|steps|iterations)|infinite loop|exceeded max(imum)?( \w+)? retries",
    ),
    (
        "budget",
        r"insufficient[ _]?(quota|funds|credit)|exceeded your current quota|billing|credit balance"
        r"|payment required|\bbudget|spend(ing)? limit|usagelimitexceeded|\b402\b",
    ),
    (
        "rate_limit",
        r"rate[ _-]?limit|too many requests|throttl|resource[ _]?exhausted|quota|tokens per min|requests per min"
        r"|\b429\b",
    ),
    ("timeout", r"time[ds]?[ _-]?out|deadline[ _]?exceeded|etimedout|\b(408|504)\b"),
    (
        "auth",
        r"unauthori[sz]ed|unauthenticated|authenticat|forbidden|permission|access[ _]?denied|api[ _-]?key"
        r"|invalid[ _]?token|expired[ _]?token|credentials|\b(401|403)\b",
    ),
    (
        "network",
        r"connect(ion|error|timeout)|econn|enotfound|eai_again|epipe|getaddrinfo|\bdns\b|name resolution|network"
        r"|socket|unreachable|broken pipe|fetch failed|remoteprotocol|\b(ssl|tls)\b",
    ),
    (
        "upstream",
        r"internal[ _]?server|server[ _]?(had an )?error|servererror|service[ _]?unavailable|bad[ _]?gateway"
        r"|overloaded|unavailable|apierror|upstream|\b5(0[0-3]|[1-9]\d)\b"
        # An answer that ends in the middle, or is no JSON.
        r"|jsondecodeerror|unterminated string|expecting value: line|unexpected end of (json|input|data)"
        r"|unexpected token .{0,60}json|responsevalidationerror|incomplete chunked read",
    ),
    (
        "invalid_request",
        r"bad[ _]?request|invalid|validation|malformed|unprocessable|unsupported|not[ _]?found|does not exist"
        r"|schema|missing required|\b4(00|04|05|09|13|15|22)\b",
    ),
    ("tool_error", r"tool[ _]?(error|exception|execution)|toolexception|error (executing|running) tool"),
)
"""Tried in this order: a provider's quota message also says 429, a context error also says invalid request."""

_TOOL_CLASSES: Final = ("rate_limit", "timeout", "network", "auth", "budget", "cancelled", "loop")
"""What a tool's error keeps; whatever else a tool says is the tool's own error."""

_HEAD_CHARS: Final = 2_000
"""An exception says what happened at its head; messages may hold whole traces or prompts."""
_TRACE_AFTER: Final = r"(?s)(\S)\s*traceback \(most recent call last\).*$"
"""Where a message goes on with lines of code, whose numbers tell nothing."""


def classify_failures(errors: pl.DataFrame, *, is_tool: bool = False) -> pl.Series:
    """Return the failure class of each row of `error_type`, `status_message`; `unknown` when nothing fits.

    Each distinct pair is looked at once.

    >>> rows = pl.DataFrame({"error_type": ["openai.RateLimitError"], "status_message": [None]})
    >>> classify_failures(rows).to_list()
    ['rate_limit']
    """
    texts = errors.select(
        text=pl.concat_str(
            pl.col("error_type").cast(pl.String).str.slice(0, _HEAD_CHARS),
            pl.col("status_message").cast(pl.String).str.slice(0, _HEAD_CHARS),
            separator=" ",
            ignore_nulls=True,
        )
        .str.to_lowercase()
        .str.replace(_TRACE_AFTER, "$1")
    )
    distinct = texts.unique()
    fallback = pl.lit("tool_error" if is_tool else "unknown")
    found = pl.coalesce(
        *(pl.when(pl.col("text").str.contains(pattern)).then(pl.lit(name)) for name, pattern in _PATTERNS),
        fallback,
    )
    if is_tool:
        found = pl.when(found.is_in(_TOOL_CLASSES)).then(found).otherwise(fallback)
    classes = distinct.with_columns(failure_class=found)
    return texts.join(classes, on="text", how="left", nulls_equal=True, maintain_order="left")[
        "failure_class"
    ]


def classify_failed(rows: pl.DataFrame, *, is_tool: bool = False) -> pl.Series:
    """Return the failure class of each row whose `status` is `error`, null for the others.

    Takes `error_type` and `status_message`, and `finish_reason` where the rows have one.
    """
    failed = rows["status"] == "error"
    if not failed.any():
        return pl.Series("failure_class", [None] * rows.height, dtype=pl.String)
    reason = pl.col("finish_reason") if "finish_reason" in rows.columns else pl.lit(None, pl.String)
    message = pl.concat_str("status_message", reason, separator=" ", ignore_nulls=True)
    index = failed.arg_true()
    errors = rows[index].select("error_type", status_message=message)
    classes = classify_failures(errors, is_tool=is_tool)
    found = pl.DataFrame({"index": index.cast(pl.Int64), "failure_class": classes})
    return pl.select(index=pl.int_range(rows.height, dtype=pl.Int64)).join(
        found, on="index", how="left", maintain_order="left"
    )["failure_class"]
