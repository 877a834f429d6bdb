"""What a run came to, from the strongest evidence to the weakest."""

from __future__ import annotations

from typing import Final

import polars as pl

from analytics.counting.answers import holds_answer
from analytics.counting.steps import ANSWERS
from analytics.failures import classify_failed, classify_failures

TRANSLATED: Final = {
    "success": "success",
    "resolved": "success",
    "failure": "failure",
    "abandoned": "failure",
    "escalated": "escalated",
}
"""Outcomes of runs, by what may be stated."""
_ECHO_CHARS: Final = 60
_LEAST_ECHO_CHARS: Final = 12
"""A shorter error may occur in an answer by chance."""
_REASON_CHARS: Final = 300


def decide_outcomes(rows: pl.DataFrame) -> pl.DataFrame:
    """Add outcome, outcome_reason, failure_class and has_answer.

    Stated outcomes come first, then a hand-off to a human, then the run span's status. An error is no failure when
    the failing step was followed by a successful one and an answer was given. While the run's span is missing or
    open, only what was stated is known.
    """
    rows = rows.with_columns(answers=holds_answer(rows["output"])).with_columns(has_answer=_has_answer())
    rows = rows.with_columns(
        recovered=(pl.col("good_from") >= pl.col("failed_until")).fill_null(False),
        stuck=_is_later("vital_until")
        | (pl.col("called_from").is_null() & (pl.col("tool_failures") == 0) & _is_later("inner_until")),
    )
    failed = (
        pl.when(pl.col("status") == "error")
        .then(~(pl.col("recovered") & pl.col("has_answer").fill_null(False) & _is_error_of_step()))
        .otherwise(pl.col("stuck") & ~pl.col("has_answer").fill_null(False))
    )
    rows = rows.with_columns(
        failed=failed,
        has_answer=pl.when(failed & pl.col("output").is_null()).then(False).otherwise("has_answer"),
    )
    stated = pl.col("explicit_outcome").replace_strict(TRANSLATED, default=None, return_dtype=pl.String)
    seen = (
        pl.when(pl.col("handed_to").is_not_null())
        .then(pl.lit("escalated"))
        .when("failed")
        .then(pl.lit("failure"))
        .otherwise(pl.lit("success"))
    )
    rows = rows.with_columns(
        stated=stated, outcome=pl.coalesce(stated, pl.when(pl.col("complete")).then(seen))
    )
    return rows.with_columns(
        outcome_reason=_reason().str.slice(0, _REASON_CHARS),
        failure_class=pl.when(pl.col("outcome") == "failure").then(_failure_class(rows)),
    )


def _is_later(error: str) -> pl.Expr:
    """Whether an error was not followed by a successful step."""
    return pl.col(error).is_not_null() & ~(pl.col("good_from") >= pl.col(error)).fill_null(False)


def _failure_class(rows: pl.DataFrame) -> pl.Expr:
    """The failing step's where its error is the run's, else what the run's own error, or one below it, tells."""
    own = classify_failed(rows)
    inner = classify_failures(rows.select(error_type="inner_type", status_message="inner_error"))
    of_step = pl.when(_is_error_of_step() & (pl.col("last_class") != "unknown")).then(pl.col("last_class"))
    known = (pl.when(classes != "unknown").then(classes) for classes in (own, inner))
    return pl.coalesce(of_step, *known, pl.col("last_class"), pl.lit("unknown"))


def _has_answer() -> pl.Expr:
    """From the run's output, else from how its last model call ended."""
    by_text = pl.col("answers") & ~(_is_later("vital_until") & _echoes_error())
    by_model = (
        pl.when(pl.col("last_finish").is_in(ANSWERS) & ~_is_later("vital_until"))
        .then(pl.lit(True))
        .when((pl.col("last_finish") == "tool_call") | _is_later("vital_until"))
        .then(pl.lit(False))
    )
    return pl.coalesce(by_text, by_model)


def _echoes_error() -> pl.Expr:
    """Whether the output is the text of the step that failed last: some frameworks return errors as answers."""
    error = pl.col("last_error").str.strip_chars()
    head = error.str.slice(0, _ECHO_CHARS)
    is_telling = error.str.len_chars() >= _LEAST_ECHO_CHARS
    return (is_telling & pl.col("output").str.contains(head, literal=True)).fill_null(False)


def _is_error_of_step() -> pl.Expr:
    """Whether the run's error is the failing step's: then the error bubbled up, else the run has one of its own."""
    own = pl.col("status_message").str.strip_chars()
    step = pl.col("last_error").str.strip_chars()
    head = step.str.slice(0, 60)
    return (
        own.is_null()
        | (own == "")
        | step.is_null()
        | own.str.contains(head, literal=True)
        | step.str.contains(own.str.slice(0, 60), literal=True)
    ).fill_null(True)


def _reason() -> pl.Expr:
    error = pl.coalesce("status_message", "error_type", "last_error", "inner_error")
    return (
        pl.when(pl.col("stated_reason").is_not_null())
        .then(pl.col("stated_reason"))
        .when(pl.col("stated").is_not_null())
        .then(pl.concat_str(pl.lit("stated as "), pl.col("explicit_outcome")))
        .when(pl.col("outcome") == "escalated")
        .then(pl.concat_str(pl.lit("handed over by "), pl.col("handed_to")))
        .when(pl.col("outcome") == "failure")
        .then(error)
        .when((pl.col("outcome") == "success") & (pl.col("status") == "error"))
        .then(pl.concat_str(pl.lit("recovered from: "), error))
    )
