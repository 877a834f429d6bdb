"""Usage and cost exports of providers: OpenAI's and Anthropic's reports (JSON, CSV), and a generic CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, cast

from store.errors import RejectedData

_CENTS: Final = 100
_DAY: Final = ("date", "day", "usage_date_utc", "usage_date", "start_time_iso", "starting_at", "start_time")
_MODEL: Final = ("model", "model_version", "line_item", "description")
_COST: Final = ("cost_usd", "amount_value", "cost", "amount", "usd")
_PROJECT: Final = ("project_name", "project", "project_id", "workspace", "workspace_id")
_ALL_TOKENS: Final = ("tokens", "total_tokens")
_TOKENS: Final = (
    "input_tokens", "output_tokens", "input_audio_tokens", "output_audio_tokens", "uncached_input_tokens",
    "cache_read_input_tokens", "cache_creation_input_tokens", "usage_input_tokens_no_cache",
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h", "usage_input_tokens_cache_read", "usage_output_tokens",
)  # fmt: skip
"""Disjoint counts: OpenAI's input_tokens are those of text, cached ones included, and audio stands beside them."""
_KINDS: Final = frozenset({"audio", "text", "image", "video"})
"""What stands behind the model in line items of OpenAI such as "gpt-audio-mini audio, input"."""


@dataclass(frozen=True)
class BillLine:
    """What a provider says of a day and a model."""

    day: date
    model: str | None
    """None: the line is for something else."""
    project: str | None
    cost_usd: Decimal | None
    """None in exports of usage alone."""
    tokens: int | None
    """All input and output; None in exports of cost alone."""
    provider: str | None = None
    """Whose export it is; None: the file does not say."""


def read_export(file: Path) -> list[BillLine]:
    """Read an export; its kind is found by what it holds.

    Raises:
        RejectedData: It cannot be read, or is of no known kind.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RejectedData(f"{file} cannot be read: {error}; pass another file") from error
    try:
        lines = list(_read_json(json.loads(text)) if text.lstrip()[:1] in ("{", "[") else _read_csv(text))
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise RejectedData(
            f"{file} is no export that is known: {error}; known are the cost and usage reports of OpenAI and "
            f"Anthropic, and CSV with the columns date, model, cost_usd (and tokens, project)"
        ) from error
    if not lines:
        raise RejectedData(f"{file} has no lines; export the days you want to compare")
    return lines


def day_of(text: object) -> date:
    """Return the day of an instant as exports write it: seconds since 1970, a date, or ISO 8601.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(text, int | float) or str(text).strip().isdigit():
        return datetime.fromtimestamp(float(str(text)), tz=UTC).date()
    return datetime.fromisoformat(str(text).strip()).date()


def _read_json(given: object) -> Iterator[BillLine]:
    pages = cast("list[object]", given) if isinstance(given, list) else [given]
    for page in pages:
        buckets = cast("dict[str, Any]", page)["data"]
        for bucket in buckets:
            day = day_of(bucket.get("starting_at") or bucket["start_time"])
            for result in bucket.get("results") or bucket.get("result") or ():
                yield _read_result(day, result)


def _read_result(day: date, result: Mapping[str, Any]) -> BillLine:
    project = next((result[key] for key in _PROJECT if result.get(key)), None)
    amount = result.get("amount")
    if isinstance(amount, Mapping):
        # OpenAI: {"value": 0.06, "currency": "usd"}, line_item "gpt-4o-2024-08-06, input".
        money = cast("Mapping[str, Any]", amount)
        _check_currency(money.get("currency"))
        model = _model_of_item(result.get("line_item"))
        return BillLine(day, model, project, _money(money["value"]), None, "openai")
    if amount is not None:
        # Anthropic: amounts are texts in cents; searches and code execution stand beside tokens.
        _check_currency(result.get("currency"))
        model = _model_of(result.get("model") or _described_model(result.get("description")))
        is_model = result.get("cost_type") in (None, "tokens")
        return BillLine(day, model if is_model else None, project, _money(amount) / _CENTS, None, "anthropic")
    created = result.get("cache_creation")
    written = sum(cast("Mapping[str, int]", created).values()) if isinstance(created, Mapping) else 0
    tokens = sum(int(result.get(key) or 0) for key in _TOKENS) + written
    provider = "anthropic" if "uncached_input_tokens" in result else "openai"
    return BillLine(day, _model_of(result.get("model")), project, None, tokens, provider)


def _read_csv(text: str) -> Iterator[BillLine]:
    rows = csv.DictReader(io.StringIO(text))
    names = {name.strip().lower(): name for name in rows.fieldnames or ()}
    day = next((names[name] for name in _DAY if name in names), None)
    model = next((names[name] for name in _MODEL if name in names), None)
    cost = next((names[name] for name in _COST if name in names), None)
    # A column of all tokens holds what stands in the others.
    all_tokens = [names[name] for name in _ALL_TOKENS if name in names][:1]
    tokens = all_tokens or [names[name] for name in _TOKENS if name in names]
    if day is None or model is None or (cost is None and not tokens):
        raise ValueError(f"its columns are {', '.join(names) or 'none'}")
    project = next((names[name] for name in _PROJECT if name in names), None)
    kind = names.get("cost_type")
    read_model = _model_of_item if model == names.get("line_item") else _model_of
    provider = next((who for who, marks in _MARKS.items() if not names.keys().isdisjoint(marks)), None)
    for number, row in enumerate(rows, start=2):
        # Days on which nothing happened are lines without anything but their times.
        if not any(row[name] for name in (cost, *tokens) if name):
            continue
        try:
            is_model = not kind or (row[kind] or "tokens").lower() in ("tokens", "token")
            yield BillLine(
                day_of(row[day]),
                read_model(row[model]) if is_model else None,
                (row[project] or None) if project else None,
                _money(row[cost] or "0") if cost else None,
                sum(int(float(row[name] or 0)) for name in tokens) if tokens else None,
                provider,
            )
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error


_MARKS: Final = {
    "openai": ("amount_value", "num_model_requests", "line_item"),
    "anthropic": ("usage_date_utc", "uncached_input_tokens", "usage_input_tokens_no_cache"),
}
"""Columns by which the CSV files of the providers' consoles are known."""


def _money(value: object) -> Decimal:
    """Return an amount exactly as it is written.

    Raises:
        ValueError: It is no finite number.
    """
    try:
        amount = Decimal(str(value).strip().replace("$", "").replace(",", ""))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no amount") from error
    if not amount.is_finite():
        raise ValueError(f"{value!r} is no amount")
    return amount


def _check_currency(currency: object) -> None:
    if currency is not None and str(currency).lower() != "usd":
        raise ValueError(f"its amounts are in {currency}, not in USD")


def _model_of(text: object) -> str | None:
    """Return the model of a line item such as "gpt-4o-2024-08-06, input"."""
    name = str(text or "").partition(",")[0].strip()
    return name or None


def _model_of_item(text: object) -> str | None:
    """Return the model of OpenAI's line item, None when it is for something else.

    >>> _model_of_item("priority | gpt-5.6-sol, output, long context"), _model_of_item("web search tool calls")
    ('gpt-5.6-sol', None)
    """
    name, comma, _ = str(text or "").rpartition(" | ")[2].partition(",")
    words = name.split()
    is_model = len(words) == 1 or (len(words) == 2 and bool(comma) and words[1] in _KINDS)
    return words[0] if is_model else None


def _described_model(text: object) -> str | None:
    """Return the model of a description such as "Claude Sonnet 4.5 Usage - Input Tokens"."""
    words = str(text or "").partition(" Usage")
    return words[0] if words[1] else None
