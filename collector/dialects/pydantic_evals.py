"""Pydantic Evals: an experiment, its cases, the task under test and the evaluators."""

from __future__ import annotations

from collector.dialects.engine.conditions import name_starts, scope_is
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import constant

EVALS = scope_is("pydantic-evals", "pydantic_evals")

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
    input_keys=("inputs",),
    output_keys=("output",),
)
