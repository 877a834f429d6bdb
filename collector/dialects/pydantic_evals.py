"""Pydantic Evals: an experiment, its cases, the task under test and the evaluators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from collector.dialects.engine.conditions import has, name_starts, named, scope_is
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.judging import Judgement, Judging
from collector.dialects.engine.provider_usage import dig
from collector.dialects.engine.readers import constant

EVALS = scope_is("pydantic-evals", "pydantic_evals")

CASE = named("case: {case_name}") | name_starts("case: ")


def read_case(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the scores, labels and assertions of a case."""
    for key in ("scores", "labels", "assertions"):
        said = decode_json(attributes.get(key, ""))
        by_name = cast("dict[str, object]", said) if isinstance(said, dict) else {}
        for name, result in by_name.items():
            value, reason = dig(result, "value"), dig(result, "reason")
            yield Judgement(
                name,
                float(value) if isinstance(value, int | float) else None,
                value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else None,
                explanation=reason if isinstance(reason, str) else None,
            )


DIALECT = Dialect(
    name="pydantic_evals",
    about="pydantic-evals 1 to 5",
    layer=Layer.LIBRARY,
    recognise=EVALS,
    kinds=(
        kind("evaluator", name_starts("evaluator: ")),
        kind("chain", EVALS),
    ),
    fields={"purpose": (constant("evaluation", EVALS),)},
    judgements=(Judging(read_case, EVALS & CASE & has("scores", "labels", "assertions")),),
    input_keys=("inputs",),
    output_keys=("output",),
)
