"""Laminar (lmnr 0.8, Python and JavaScript): gen_ai spans of clients, kinds and identity of its own.

In JavaScript what failed has an exception and no status.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import event, has_under, scope_is, status_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind_by
from collector.dialects.engine.readers import span_name

LAMINAR = scope_is("lmnr.tracer")
TYPE = "lmnr.span.type"
PROPERTIES = "lmnr.association.properties."

DIALECT = Dialect(
    name="laminar",
    about="Laminar (lmnr) 0.8, Python and JavaScript",
    layer=Layer.LIBRARY,
    recognise=LAMINAR | has_under("lmnr."),
    failed=LAMINAR & event("exception") & status_is("unset"),
    kinds=(
        kind_by(
            TYPE,
            {
                "llm": "llm",
                "cached": "other",
                "tool": "tool",
                "evaluator": "evaluator",
                "human_evaluator": "evaluator",
                "evaluation": "chain",
                "executor": "chain",
                "default": "chain",
            },
        ),
    ),
    fields={
        "tool": ("gen_ai.tool.name", span_name(when=value(TYPE, "TOOL"))),
        "session_id": (f"{PROPERTIES}session_id",),
        "user_id": (f"{PROPERTIES}user_id",),
        "tenant": (f"{PROPERTIES}metadata.tenant_id", f"{PROPERTIES}metadata.tenant"),
    },
    input_keys=("lmnr.span.input",),
    output_keys=("lmnr.span.output",),
)
