"""Logfire SDK: pending copies, logs sent as spans, and its OpenAI and Anthropic instrumentations.

Every span may come twice, first as a `pending_span` of no length, foreign spans too. A streamed call is a request span
without usage, and a log of no length beside it that has usage and duration: the log is the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from collector.dialects.engine.conditions import (
    has,
    has_under,
    scope,
    status_is,
    value,
    value_starts,
)
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import Document
from collector.dialects.engine.judging import Judgement, Judging, read_value
from collector.dialects.engine.provider_usage import PART_FIELDS, dig, read_usage
from collector.dialects.engine.readers import KeyReader, absent, constant, positive, seconds
from collector.dialects.spanledger import read_feedback

INSTRUMENTED = scope("logfire.openai", "logfire.anthropic", "logfire.google_genai")
LOG = value("logfire.span_type", "log")
FEEDBACK = scope("logfire.feedback") | value("logfire.span_type", "annotation")
SCRUBBED = "[Scrubbed due to"
CHAT = value("gen_ai.operation.name", "chat") & has("gen_ai.response.model")
ANSWERED = has("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.response.id")


def read_annotation(texts: pl.Series) -> pl.Series:
    """Return the feedback in the message of an annotation: `feedback: NAME = VALUE`."""
    return read_feedback(texts.str.extract(r"^feedback: .{1,200} = (\S{1,40})$", 1))


def read_feedback_span(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the feedback of an annotation: its value stands under the feedback's own name."""
    name = attributes.get("logfire.feedback.name", "")
    value, label = read_value(attributes.get(name))
    yield Judgement(name, value, label, "user", attributes.get("logfire.feedback.comment"))


def read_stream_flag(request: object) -> dict[str, object]:
    """Return whether the request asked for a stream."""
    flag = dig(request, "stream")
    return {"streamed": float(flag)} if isinstance(flag, bool) else {}


DIALECT = Dialect(
    name="logfire",
    about="Logfire SDK 3 to 5, Python and JavaScript",
    layer=Layer.WRAPPER,
    recognise=has_under("logfire.") | scope("logfire"),
    named_when=scope("logfire"),
    kinds=(
        kind("other", FEEDBACK),
        # The answer of a stream: the log carries what the request span could not know.
        kind("llm", INSTRUMENTED & LOG & has("gen_ai.request.model")),
        kind("chain", INSTRUMENTED & CHAT & ~LOG & ~ANSWERED & ~status_is("error")),
    ),
    pending=value("logfire.span_type", "pending_span"),
    fields={
        "session_id": (
            absent(value_starts("session.id", SCRUBBED)),
            absent(value_starts("session_id", SCRUBBED)),
        ),
        "user_id": (absent(value_starts("user.id", SCRUBBED)), absent(value_starts("user_id", SCRUBBED))),
        "streamed": (constant("true", INSTRUMENTED & (LOG | (CHAT & ~ANSWERED & ~status_is("error")))),),
        "duration_ms": (seconds("duration", when=INSTRUMENTED & LOG),),
        "feedback": (KeyReader("logfire.msg", when=FEEDBACK, convert=read_annotation),),
        "reported_cost_usd": (positive("operation.cost"),),
    },
    documents=(
        Document("gen_ai.usage.raw", PART_FIELDS, read_usage),
        Document("request_data", ("streamed",), read_stream_flag),
    ),
    judgements=(Judging(read_feedback_span, has("logfire.feedback.name")),),
    input_keys=("gen_ai.input.messages",),
    output_keys=("gen_ai.output.messages",),
)
