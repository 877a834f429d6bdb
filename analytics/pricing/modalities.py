"""Models that draw, speak or listen: what of their tokens was text decides what a call costs."""

from __future__ import annotations

import polars as pl

_DRAWS_OR_SPEAKS = (
    r"(?:gpt|gemini|nova).*(?:image|nano-banana|audio|realtime|sonic|omni|-live\b)"
    r"|gemini-live"
)
"""Models whose answer is a picture or a voice as a rule, which cost up to twelve times its text."""

_LISTENS = r"-transcribe\b"
"""Models whose input is sound as a rule."""

_OWN_PRICE = "[[pricing."
_DRAWN_OR_SPOKEN = ("output_image_tokens", "output_audio_tokens", "output_video_tokens")
_HEARD = ("input_audio_tokens",)


def needs_kinds_of_output() -> pl.Expr:
    """Return whether a price row is of a model that draws or speaks, and asks more for it than for text.

    So does one that tells no price of it: OpenRouter's list tells that of text alone.
    """
    dearest = _price_of(_DRAWN_OR_SPOKEN)
    asks_more = dearest.is_null() | (dearest > pl.col("output"))
    return _is_listed(_DRAWS_OR_SPEAKS) & (asks_more & (pl.col("output") > 0)).fill_null(False)


def needs_kinds_of_input() -> pl.Expr:
    """Return whether a price row is of a model that listens, and asks more for sound than for text."""
    return _is_listed(_LISTENS) & (_price_of(_HEARD) > pl.col("input")).fill_null(False)


def lacks_kinds() -> pl.Expr:
    """Return whether nobody said what of a call's tokens was text, so that their price is at least that of text."""
    lacks_output = pl.col("needs_kinds_of_output") & (pl.col("q_output") > 0) & (pl.col("output_units") == 0)
    lacks_input = pl.col("needs_kinds_of_input") & (pl.col("q_input") > 0) & (pl.col("input_units") == 0)
    return lacks_output.fill_null(False) | lacks_input.fill_null(False)


def _is_listed(pattern: str) -> pl.Expr:
    """Return whether a row is of such a model and comes from a list: one's own prices hold as they are told."""
    name = pl.col("price_model")
    return name.str.contains(pattern) & ~name.str.contains(_OWN_PRICE, literal=True)


def _price_of(units: tuple[str, ...]) -> pl.Expr:
    field = pl.element().struct.field
    return pl.col("other_units").list.eval(pl.when(field("key").is_in(units)).then(field("value"))).list.max()
