"""From decoded spans to facts: the whole translation of one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import polars as pl

from collector.dialects.engine.endpoints import say_place
from collector.dialects.engine.index import AttributeIndex, Labels, Mask, SpanBatch
from collector.dialects.engine.judging import read_judgements
from collector.dialects.engine.messages import gather_messages
from collector.dialects.engine.registry import Registry, known_dialects
from collector.dialects.engine.surroundings import (
    find_pauses,
    read_exceptions,
    read_resources,
    read_status_messages,
)
from collector.dialects.engine.translation import CodeColumn, Translation
from collector.dialects.engine.units import read_units
from collector.dialects.engine.usage import TOKEN_FIELDS, settle_usage
from collector.dialects.engine.vocabulary import OPERATIONS_OF_KINDS, finish_text, normalise_purpose
from collector.fields import COUNT_FIELDS

SomeTranslation = TypeVar("SomeTranslation", bound=Translation)

TEXT_FACTS = (
    "agent", "session_id", "user_id", "workflow", "operation", "request_model", "response_model", "response_id",
    "prompt_name", "prompt_version", "finish_reason", "service_tier", "tool", "tool_call_id", "outcome",
    "outcome_reason", "error_type",
)  # fmt: skip


def normalise(batch: SpanBatch, registry: Registry | None = None) -> pl.DataFrame:
    """Return the batch's spans, one row each in their order, with every fact column of `ledger.spans`.

    A row depends on its own span and resource only, so any split of spans into batches gives the same rows.
    Never raises on what attributes hold; what cannot be read is NULL.
    """
    return translate_batch(batch, registry or known_dialects(), Translation)[0]


def translate_batch(
    batch: SpanBatch, asked: Registry, make: Callable[[AttributeIndex], SomeTranslation]
) -> tuple[pl.DataFrame, SomeTranslation]:
    """Return what `normalise` returns, and the translation it was read off."""
    index = AttributeIndex(batch, asked.vocabulary)
    translation = make(index)
    read_status_messages(translation)
    for dialect, readers in zip(asked.dialects, asked.readers, strict=True):
        translation.apply(dialect, readers)
    for dialect in asked.dialects:
        translation.name_by_mapping(dialect)
    read_exceptions(translation)
    judgements = read_judgements(batch, translation, asked)
    translation.end_reading()
    facts = batch.spans.with_columns(
        *_texts(translation),
        *_surroundings(batch, translation),
        *_numbers(translation),
        *_kinds(translation),
        *_usage(translation),
        read_units(index, asked),
        *gather_messages(index, asked),
        judgements,
    )
    return facts, translation


def _texts(translation: Translation) -> list[pl.Series]:
    columns = {name: finish_text(translation.texts[name], name) for name in TEXT_FACTS}
    kinds = translation.kind
    of_kind = pl.Series([OPERATIONS_OF_KINDS.get(kind) for kind in [*kinds.texts, ""]], dtype=pl.String)[
        kinds.codes
    ]
    columns["operation"] = columns["operation"].zip_with(columns["operation"].is_not_null(), of_kind)
    columns["service_tier"] = say_place(columns["service_tier"], translation.index)
    session = columns["session_id"]
    # Some emitters write the id of the response where the conversation's belongs.
    columns["session_id"] = session.set(session == columns["response_id"], None)
    return [
        *columns.values(),
        *_status_messages(translation),
        translation.dialect.finish("dialect"),
        translation.input_key.finish("input_key"),
        translation.output_key.finish("output_key"),
    ]


def _status_messages(translation: Translation) -> list[pl.Series]:
    messages = translation.texts["status_message"].finish("status_message")
    own = translation.index.spans["status_message"].str.len_bytes().fill_null(0) > 0
    found = pl.Series([True, None], dtype=pl.Boolean)[(own | messages.is_null()).cast(pl.UInt8)]
    return [messages, found.alias("is_found_message")]


def _surroundings(batch: SpanBatch, translation: Translation) -> list[pl.Series]:
    resources = read_resources(batch)
    columns = [resources["service"]]
    for name in ("environment", "tenant", "purpose", "agent_version"):
        of_resource = resources[name]
        if name == "purpose":
            of_resource = Labels(of_resource).translated(normalise_purpose).alias(name)
        column = translation.texts[name]
        own = finish_text(column, name)
        columns.append(of_resource if column.is_empty() else own.zip_with(own.is_not_null(), of_resource))
    return columns


def _numbers(translation: Translation) -> list[pl.Series]:
    numbers = translation.numbers
    cost = numbers["reported_cost_usd"]
    cost.filled &= (cost.values >= 0) & (cost.values < 1e6)
    for name, low in (("ttft_ms", 0.0), ("confidence", 0.0), ("feedback", -1.0)):
        numbers[name].filled &= numbers[name].values >= low  # false for NaN, too
    for name in ("confidence", "feedback"):
        numbers[name].filled &= numbers[name].values <= 1.0
    first_chunk, streamed = numbers["ttft_ms"], numbers["streamed"]
    came_in_chunks = first_chunk.filled & ~np.isnan(first_chunk.values) & ~streamed.filled
    streamed.values[came_in_chunks], streamed.filled[came_in_chunks] = 1.0, True
    numbers["retries"].filled &= numbers["retries"].values >= 0
    return [
        *(numbers[name].finish(name, pl.Float64) for name in ("ttft_ms", "confidence", "feedback")),
        cost.finish("reported_cost_usd", pl.Decimal(18, 12)),
        numbers["streamed"].finish("streamed", pl.Boolean),
        numbers["retries"].finish("retries", pl.Int64),
    ]


def _kinds(translation: Translation) -> list[pl.Series]:
    own = translation.index.spans["status"]
    status = own.set(pl.Series(translation.failed), "error").alias("status")
    pauses = find_pauses(translation)
    if pauses is not None:
        status = status.set(pl.Series(pauses) & (status == "error"), "unset")
        translation.kind.replace(pauses, "tool", "other")
    return [
        _durations(translation),
        translation.kind.finish("kind", default="other"),
        status,
        own.zip_with(own != status, pl.Series([None], dtype=pl.String)).alias("sent_status"),
        pl.Series("is_pending", translation.pending),
    ]


def _durations(translation: Translation) -> pl.Series:
    """A log that was sent as a span has no length of its own, but may state one."""
    length = translation.index.spans["duration_ms"]
    stated = translation.numbers["duration_ms"]
    if not stated.filled.any():
        return length
    use_stated = stated.filled & (stated.values >= 0.0) & (length == 0.0).fill_null(value=False).to_numpy()
    return stated.finish("duration_ms", pl.Float64).zip_with(pl.Series(use_stated), length)


def _usage(translation: Translation) -> list[pl.Series]:
    provider = finish_text(translation.texts["provider"], "provider")
    usage = settle_usage(
        {name: translation.numbers[name] for name in COUNT_FIELDS if name != "retries"},
        exclusive_output=translation.exclusive_output,
        is_google=Labels(provider).where(lambda name: name.startswith("gcp.")),
        hidden_cache=translation.hidden_cache,
    )
    return [
        provider,
        *(usage.columns[name] for name in TOKEN_FIELDS),
        usage.note,
        _usage_scope(translation, usage.is_present),
        _usage_source(translation, usage.is_present),
    ]


def _usage_scope(translation: Translation, present: Mask) -> pl.Series:
    scope = translation.usage_scope
    kinds = translation.kind
    spanning = [code for code, text in enumerate(kinds.texts) if text in ("agent", "workflow", "chain")]
    scope.fill(np.isin(kinds.codes, spanning), "agent")
    scope.fill(np.ones_like(present), "call")
    scope.codes[~present] = -1
    return scope.finish("usage_scope")


def _usage_source(translation: Translation, present: Mask) -> pl.Series:
    source = CodeColumn(translation.index.row_count)
    source.fill(translation.estimated, "estimated")
    source.fill(present, "reported")
    source.codes[~present] = -1
    return source.finish("usage_source")
