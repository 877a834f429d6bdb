"""AG2 1.x: gen_ai spans, and a record of usage beside each model call.

A record tells again what the span of a call in an agent's turn tells; only sub-tasks, compaction and aggregation have
no other span. A live session has nothing but records of calls, which are not counted.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, scope_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind

DIALECT = Dialect(
    name="ag2",
    about="AG2 1.x telemetry",
    layer=Layer.LIBRARY,
    recognise=scope_is("opentelemetry.instrumentation.ag2") | has_under("ag2."),
    kinds=(kind("other", value("ag2.span.type", "usage") & value("ag2.usage.kind", "model_call")),),
    fields={"total_tokens": ("ag2.usage.total_tokens",)},
)
