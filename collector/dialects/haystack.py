"""Haystack's own tracing: recognised by span names, the scope is the application's; usage stands in the replies.

Before 2.20 an agent's steps are components, and the tools of one step one span, that of the first.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, name_starts, named, value, value_contains
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import Document
from collector.dialects.engine.provider_usage import USAGE_FIELDS, dig, dig_first, read_usage

LLM_OUTPUT = "haystack.agent.step.llm.output"
GENERATORS = tuple(
    f"{provider}{component}"
    for provider in (
        "OpenAI", "OpenAIResponses", "AzureOpenAI", "Anthropic", "GoogleGenAI", "AmazonBedrock", "Cohere", "Mistral",
        "Ollama", "HuggingFaceAPI",
    )
    for component in ("ChatGenerator", "Generator")
)  # fmt: skip
REPLY_FIELDS = ("response_id", "response_model", "finish_reason")


def read_reply(output: object) -> dict[str, object]:
    """Return usage, model, id and finish reason of the first reply."""
    meta = dig_first(output, "replies.0.meta", "replies.0._meta", "llm.replies.0.meta", "meta.0")
    facts = read_usage(dig(meta, "usage"))
    facts["response_model"] = dig(meta, "model")
    facts["finish_reason"] = dig(meta, "finish_reason")
    facts["response_id"] = dig_first(meta, "id", "response_id")
    return facts


INVOKER = value("haystack.component.type", "ToolInvoker")
TOOL_FIELDS = ("tool", "tool_call_id")


def read_output(output: object) -> dict[str, object]:
    """Return what a component's output tells of a model's reply, or of the first tool of a step."""
    origin = dig_first(
        output, *(f"tool_messages.0.{key}.0.tool_call_result.origin" for key in ("content", "_content"))
    )
    return {**read_reply(output), "tool": dig(origin, "tool_name"), "tool_call_id": dig(origin, "id")}


DIALECT = Dialect(
    name="haystack",
    about="Haystack 2.x own tracing",
    layer=Layer.LIBRARY,
    recognise=name_starts("haystack.") | has_under("haystack."),
    kinds=(
        kind("agent", named("haystack.agent.run")),
        kind("llm", named("haystack.agent.step.llm")),
        kind("tool", named("haystack.agent.step.tool", "haystack.tool.invoke")),
        kind("chain", named("haystack.agent.step")),
        kind("workflow", named("haystack.pipeline.run", "haystack.async_pipeline.run")),
        kind("llm", value("haystack.component.type", *GENERATORS)),
        kind("tool", INVOKER),
        kind("chain", named("haystack.component.run")),
    ),
    failed=value("haystack.tool.error", "true", "True")
    | (INVOKER & value_contains("haystack.component.output", '"error": true}', '"error":true}')),
    fields={
        "agent": ("haystack.agent.name",),
        "tool": ("haystack.tool.name",),
    },
    documents=(
        Document(LLM_OUTPUT, (*USAGE_FIELDS, *REPLY_FIELDS), read_reply),
        Document("haystack.component.output", (*USAGE_FIELDS, *REPLY_FIELDS, *TOOL_FIELDS), read_output),
    ),
    input_keys=(
        "haystack.tool.input",
        "haystack.agent.step.tool.input",
        "haystack.agent.step.llm.input",
        "haystack.agent.input",
        "haystack.component.input",
        "haystack.pipeline.input_data",
    ),
    output_keys=(
        "haystack.tool.output",
        "haystack.agent.step.tool.output",
        LLM_OUTPUT,
        "haystack.agent.output",
        "haystack.component.output",
        "haystack.pipeline.output_data",
    ),
)
