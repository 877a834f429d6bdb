"""OpenInference (Arize): every instrumentor of it, Python and JavaScript.

Source: OpenInference semantic conventions at 1fe497f1 (2026-08-21); captures of instrumentors 0.1 to 4.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collector.dialects.engine.conditions import has, has_under, is_root, scope, status_is, value
from collector.dialects.engine.declaration import Dialect, FlatMessages, Layer, kind, kind_by
from collector.dialects.engine.identity import members_of
from collector.dialects.engine.judging import Judgement, Judging, flattened, read_value
from collector.dialects.engine.readers import Reader, event_time, extract, key, member, span_name

AGENT = value("openinference.span.kind", "AGENT")
CHAIN = value("openinference.span.kind", "CHAIN")
LLM = value("openinference.span.kind", "LLM")
FAILED = status_is("error")
TOOL = value("openinference.span.kind", "TOOL")
IN_METADATA = members_of("metadata")
INSTRUMENTORS = scope("openinference.", "@arizeai/openinference")


def answered(name: str) -> Reader:
    """Read a count that stands only in the answer, as the provider's JSON, LangChain's, or a printed object."""
    return extract(
        "output.value",
        rf"""(?:{name})(?:\\*["']\s*:|=)\s*(\d{{1,12}})""",
        when=LLM,
        holding=name,
    )


MESSAGE = FlatMessages(
    "llm.input_messages.",
    role="message.role",
    text="message.content",
    calls="message.tool_calls.",
    call_id="tool_call.id",
    call_name="tool_call.function.name",
    call_arguments="tool_call.function.arguments",
    answered_call="message.tool_call_id",
    parts="message.contents.",
    part_text="message_content.text",
)

ANNOTATED = {"annotations.": "span", "evaluations.": "span", "trace.annotations.": "run", "trace.evaluations.": "run",
             "session.annotations.": "session", "session.evaluations.": "session"}  # fmt: skip
"""Prefixes of annotations by what they are about."""
JUDGES = {"HUMAN": "human", "LLM": "evaluator", "CODE": "evaluator"}


def read_annotations(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the annotations of a span, and the results of an evaluator."""
    for prefix, about in ANNOTATED.items():
        for said in flattened(attributes, prefix):
            value, label = read_value(said.get("score"))
            yield Judgement(
                said.get("name", ""),
                value,
                said.get("label", label),
                JUDGES.get(said.get("annotator_kind", ""), "evaluator"),
                said.get("explanation"),
                about,
                said.get("identifier"),
            )


DIALECT = Dialect(
    name="openinference",
    about="OpenInference semantic conventions, Python and JavaScript instrumentors",
    layer=Layer.CONVENTION,
    recognise=has("openinference.span.kind") | INSTRUMENTORS | has_under(*ANNOTATED),
    kinds=(
        # A LangChain tool that wraps an agent is said to be an agent, and has a tool's name.
        kind("tool", AGENT & has("tool.name")),
        # The outermost chain of an instrumented framework is the invocation: a graph, a pipeline.
        kind("workflow", CHAIN & is_root() & INSTRUMENTORS),
        kind_by(
            "openinference.span.kind",
            {
                "llm": "llm",
                "embedding": "embedding",
                "chain": "chain",
                "retriever": "retriever",
                "reranker": "retriever",
                "tool": "tool",
                "agent": "agent",
                "guardrail": "guardrail",
                "evaluator": "evaluator",
                "prompt": "other",
            },
        ),
    ),
    fields={
        "provider": ("llm.provider", "llm.system", member("metadata", "ls_provider", when=LLM, repeats=True)),
        "request_model": (
            "llm.request.model_name",
            member("llm.invocation_parameters", "model", "model_name", "model_id", repeats=True),
            key("llm.model_name", when=FAILED),
        ),
        "response_model": (
            "llm.response.model_name",
            key("llm.model_name", when=~FAILED),
            "embedding.model_name",
        ),
        "streamed": (extract("llm.invocation_parameters", r'"stream"\s*:\s*(true|false)', repeats=True),),
        "response_id": (
            extract("output.value", r'"id"\s*:\s*"((?:chatcmpl|resp|cmpl|gen)[-_][^"\\]+)"', when=LLM),
            extract("output.value", r'"id"\s*:\s*"(msg_[^"\\]+)"', when=LLM),
        ),
        "finish_reason": ("llm.finish_reason", "llm.output_messages.0.message.finish_reason"),
        "input_tokens": ("llm.token_count.prompt",),
        "cache_read_tokens": (
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
            answered("cached_tokens|cache_read_input_tokens|cache_read"),
        ),
        "cache_write_tokens": (
            "llm.token_count.prompt_details.cache_write",
            answered("cache_creation_input_tokens|cache_creation"),
        ),
        "cache_write_1h_tokens": (answered("ephemeral_1h_input_tokens"),),
        "output_tokens": ("llm.token_count.completion",),
        "reasoning_tokens": (
            "llm.token_count.completion_details.reasoning",
            answered("reasoning_tokens|reasoning"),
        ),
        "total_tokens": ("llm.token_count.total",),
        "ttft_ms": (event_time("First Token Stream Event", LLM),),
        "reported_cost_usd": ("llm.cost.total",),
        "tool": ("tool.name", span_name(suffix=".__call__", when=TOOL), span_name(when=TOOL)),
        "tool_call_id": ("tool_call.id", "tool.id"),
        "agent": (
            "agent.name",
            "gen_ai.agent.name",
            key("graph.node.id", when=AGENT),
            span_name(when=AGENT & ~has("tool.name")),
        ),
        "workflow": (span_name(when=CHAIN & is_root() & INSTRUMENTORS),),
        "session_id": ("session.id", *IN_METADATA["session_id"]),
        "user_id": ("user.id", *IN_METADATA["user_id"]),
        "tenant": IN_METADATA["tenant"],
        "prompt_name": ("prompt.id",),
        "prompt_version": ("llm.prompt_template.version",),
    },
    units={
        "input_audio_tokens": ("llm.token_count.prompt_details.audio",),
        "output_audio_tokens": ("llm.token_count.completion_details.audio",),
    },
    judgements=(Judging(read_annotations, has_under(*ANNOTATED)),),
    input_keys=("input.value",),
    output_keys=("output.value",),
    flat_input=(MESSAGE,),
    flat_output=(MESSAGE.under("llm.output_messages."),),
)
