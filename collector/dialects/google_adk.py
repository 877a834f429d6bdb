"""Google ADK, Python 1.x and 2 (both telemetry schemas), JavaScript 2.0.

The legacy schema nests `generate_content` in a `call_llm` of the same usage; parallel tools get a merged copy;
a transfer to another agent is a tool. JavaScript's output leaves thoughts out: they stand in the response only.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, name_starts, named, scope_is, value, value_starts
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import Document
from collector.dialects.engine.provider_usage import USAGE_FIELDS, dig_first, read_usage
from collector.dialects.engine.readers import constant, span_name

ADK = scope_is("gcp.vertex.agent")


def read_response(response: object) -> dict[str, object]:
    """Return usage and model of a response; the span's own counts come before it."""
    facts = read_usage(dig_first(response, "usage_metadata", "usageMetadata"))
    facts["response_model"] = dig_first(response, "model_version", "modelVersion")
    facts["response_id"] = dig_first(response, "response_id", "responseId", "interaction_id")
    return facts


DIALECT = Dialect(
    name="google_adk",
    about="Google ADK, Python 1.x and 2, JavaScript 2.0",
    layer=Layer.LIBRARY,
    recognise=ADK | has_under("gcp.vertex.agent."),
    kinds=(
        kind("workflow", ADK & named("invocation")),
        kind("agent", ADK & name_starts("invoke_agent ", "agent_run [")),
        kind("other", named("execute_tool (merged)") | value("gen_ai.tool.name", "(merged tools)")),
        kind("other", value("gen_ai.tool.name", "transfer_to_agent")),
        kind("llm", ADK & named("call_llm")),
        kind("tool", ADK & name_starts("execute_tool ")),
    ),
    fields={
        "provider": (constant("gcp.gemini", ADK & value_starts("gen_ai.request.model", "gemini")),),
        "agent": ("gen_ai.agent.name", span_name(prefix="agent_run [", suffix="]", when=ADK)),
        "tool": ("gen_ai.tool.name", span_name(prefix="execute_tool ", when=ADK)),
        "session_id": ("gen_ai.conversation.id", "gcp.vertex.agent.session_id"),
        "user_id": ("gcp.vertex.agent.user_id", "user.id"),
    },
    documents=(
        Document(
            "gcp.vertex.agent.llm_response", (*USAGE_FIELDS, "response_model", "response_id"), read_response
        ),
    ),
    input_keys=(
        "gen_ai.tool.call.arguments",
        "gcp.vertex.agent.tool_call_args",
        "gcp.vertex.agent.llm_request",
    ),
    output_keys=(
        "gen_ai.tool.call.result",
        "gcp.vertex.agent.tool_response",
        "gcp.vertex.agent.llm_response",
    ),
)
