"""Judgements that spans carry: feedback, annotations and results of evaluators, several on one span."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from collector.dialects.engine.columns import Reading
from collector.dialects.engine.conditions import Condition
from collector.dialects.engine.index import AttributeIndex, SpanBatch
from collector.dialects.engine.parsing import parse_numbers

if TYPE_CHECKING:
    from collector.dialects.engine.registry import Registry
    from collector.dialects.engine.translation import Translation

MAX_JUDGEMENTS: Final = 200
"""More on one span are left out."""
MAX_CHARS: Final = 4000

SPAN_NAME: Final = ""
"""Key under which `Judging.read` finds the span's name."""
USER, EVALUATOR, HUMAN = "user", "evaluator", "human"
SPAN, RUN, SESSION = "span", "run", "session"

WORDS: Final = {
    "true": 1.0, "up": 1.0, "positive": 1.0, "yes": 1.0, "good": 1.0, "thumbs_up": 1.0, "like": 1.0, "liked": 1.0,
    "false": -1.0, "down": -1.0, "negative": -1.0, "no": -1.0, "bad": -1.0, "thumbs_down": -1.0, "dislike": -1.0,
    "disliked": -1.0, "neutral": 0.0,
}  # fmt: skip
"""Feedback in words, as a number from -1 to 1."""
_STARS: Final = ("rating", "stars", "star", "csat")
_OPINIONS: Final = (*_STARS, "feedback", "thumb", "satisf", "like", "vote")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody or something thinks of a span, its run or its session."""

    name: str
    value: float | None = None
    label: str | None = None
    source: str = EVALUATOR
    explanation: str | None = None
    about: str = SPAN
    identifier: str | None = None
    """The judge's own id of it: of two with one id, name and target, the later one counts."""

    opinion: float | None = None
    """A person's feedback on one scale, from -1 to 1."""

    def is_empty(self) -> bool:
        """Whether it says nothing."""
        return not self.name or (self.value is None and self.label is None and self.explanation is None)


@dataclass(frozen=True, slots=True)
class Judging:
    """Where a dialect's judgements stand: `read` gets the attributes of a span, or of a span event of a name."""

    read: Callable[[Mapping[str, str]], Iterable[Judgement]]
    when: Condition
    event: str = ""


def read_judgements(batch: SpanBatch, translation: Translation, registry: Registry) -> pl.Series:
    """Return `judgements`: a JSON array per span, null where there is none.

    What users say of the answer is the span's feedback, where nothing else is.
    """
    index = translation.index
    found: dict[int, list[Judgement]] = {}
    for dialect in registry.dialects:
        for judging in dialect.judgements:
            for row, attributes in _carriers(batch, index, judging):
                _add(found.setdefault(row, []), judging.read(attributes))
    column = pl.Series("judgements", [None], dtype=pl.String).new_from_index(0, index.row_count)
    rows = [row for row, told in found.items() if told]
    if not rows:
        return column
    _fill_feedback(translation, {row: found[row] for row in rows})
    return column.scatter(rows, [_encode(found[row]) for row in rows])


def _encode(told: list[Judgement]) -> str:
    rows = [{name: value for name, value in asdict(each).items() if name != "opinion"} for each in told]
    return msgspec.json.encode(rows).decode()


def _add(told: list[Judgement], more: Iterable[Judgement]) -> None:
    """Take over what is new: of two dialects that read one judgement the first counts."""
    known = {(each.name, each.about, each.identifier) for each in told}
    for each in more:
        is_new = (each.name, each.about, each.identifier) not in known
        if is_new and not each.is_empty() and len(told) < MAX_JUDGEMENTS:
            told.append(_on_one_scale(each))


def _on_one_scale(judgement: Judgement) -> Judgement:
    """Give people's feedback as a number from -1 to 1, with what was sent as its label."""
    opinion = read_opinion(judgement)
    if opinion is None:
        return judgement
    label = judgement.label if judgement.value is None or judgement.label else f"{judgement.value:g}"
    return replace(judgement, value=opinion, label=label, opinion=opinion)


def _carriers(
    batch: SpanBatch, index: AttributeIndex, judging: Judging
) -> Iterable[tuple[int, dict[str, str]]]:
    if judging.event:
        frame = index.events.frame
        if judging.event not in index.events.names():
            return
        own = frame.filter(pl.col("event_name").cast(pl.String) == judging.event)
        for (row, _), said in own.group_by("row", "event", maintain_order=True):
            yield int(str(row)), _mapping(said)
        return
    where = judging.when.rows(index)
    if where is None or not where.any():
        return
    own = batch.attributes.filter(pl.Series(where[batch.attributes["row"].to_numpy()]))
    for (row,), said in own.group_by("row", maintain_order=True):
        place = int(str(row))
        yield place, {**_mapping(said), SPAN_NAME: batch.spans["name"][place]}


def _mapping(said: pl.DataFrame) -> dict[str, str]:
    pairs = said.select(pl.col("key").cast(pl.String), pl.col("value").cast(pl.String)).iter_rows()
    return {key: value for key, value in pairs if value}


def _fill_feedback(translation: Translation, told: Mapping[int, list[Judgement]]) -> None:
    column = translation.numbers["feedback"]
    said: dict[int, float] = {}
    for row, judgements in told.items():
        opinions = [each.opinion for each in judgements if each.opinion is not None]
        if opinions and not column.filled[row]:
            said[row] = opinions[0]
    if said:
        rows = pl.Series(list(said), dtype=pl.Int64).to_numpy()
        column.fill(Reading(rows, values=pl.Series(list(said.values()), dtype=pl.Float64)))


def read_opinion(judgement: Judgement) -> float | None:
    """Return a person's feedback as a number from -1 to 1; None when it is no feedback, or of no known scale.

    Thumbs and booleans are 1 and -1, stars 1 to 5, other numbers from 0 to 1, or from -1 to 1 where negative.

    >>> read_opinion(Judgement("rating", 4.0, source="user")), read_opinion(Judgement("feedback", 0.0, source="user"))
    (0.5, -1.0)
    """
    name = judgement.name.lower()
    if judgement.source == EVALUATOR or not any(word in name for word in _OPINIONS):
        return None
    if judgement.label is not None and judgement.label.strip().lower() in WORDS:
        return WORDS[judgement.label.strip().lower()]
    value = judgement.value
    if value is None:
        return None
    if any(word in name for word in _STARS) or 1.0 < value <= 5.0:
        return (value - 3.0) / 2.0 if 1.0 <= value <= 5.0 else None
    if 0.0 <= value <= 1.0:
        return 2.0 * value - 1.0
    return value if -1.0 <= value < 0.0 else None


def read_value(text: str | None) -> tuple[float | None, str | None]:
    """Return a judgement's value and label out of one text: a number, a flag as 1 or 0, else a label."""
    if text is None or not text.strip():
        return None, None
    word = text.strip().lower()
    if word in ("true", "false"):
        return float(word == "true"), word
    number = float(parse_numbers(pl.Series([text.strip()]))[0])
    return (number, None) if number == number else (None, text.strip()[:MAX_CHARS])


def flattened(attributes: Mapping[str, str], prefix: str) -> list[dict[str, str]]:
    """Return the objects flattened into `PREFIX` index `.` anything `.` field, in the order of their indices."""
    objects: dict[int, dict[str, str]] = {}
    for key, text in attributes.items():
        if key.startswith(prefix):
            number, _, rest = key.removeprefix(prefix).partition(".")
            if number.isascii() and number.isdigit() and len(number) < 6 and rest:
                objects.setdefault(int(number), {})[rest.rpartition(".")[2]] = text
    return [objects[number] for number in sorted(objects)]
