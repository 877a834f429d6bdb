"""LangSmith's OTel export: failures with status OK and an exception event, parts of usage in metadata.

`langsmith.trace.session_name` is a project, no session. The agent's span is a chain that bears the agent's name.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import event, has_under, is_root, names_span, scope_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.documents import Document
from collector.dialects.engine.identity import SESSION_NAMES, TENANT_NAMES, USER_NAMES, keys_with
from collector.dialects.engine.provider_usage import PART_FIELDS, dig_first, read_usage
from collector.dialects.engine.readers import absent, quoted, span_name

KIND = "langsmith.span.kind"
META = "langsmith.metadata."
CHAIN = value(KIND, "chain")
AGENT = CHAIN & names_span(f"{META}lc_agent_name")
RESULT = "generations.0.0"


def read_completion(completion: object) -> dict[str, object]:
    """Return id, model and finish reason of the first generation of a LangChain result."""
    message = f"{RESULT}.message"
    return {
        field: dig_first(
            completion,
            f"{message}.response_metadata.{name}",
            f"{message}.kwargs.response_metadata.{name}",
            f"llm_output.{name}",
            f"{RESULT}.generation_info.{name}",
        )
        for field, name in (
            ("response_id", "id"),
            ("response_model", "model_name"),
            ("finish_reason", "finish_reason"),
        )
    }


DIALECT = Dialect(
    name="langsmith",
    about="LangSmith SDK's OTel export",
    layer=Layer.LIBRARY,
    recognise=scope_is("langsmith") | has_under("langsmith."),
    kinds=(
        kind("agent", AGENT),
        kind("workflow", CHAIN & is_root()),
        kind_by(
            KIND,
            {
                "llm": "llm",
                "chain": "chain",
                "tool": "tool",
                "retriever": "retriever",
                "embedding": "embedding",
                "prompt": "other",
                "parser": "other",
            },
        ),
    ),
    failed=event("exception"),
    fields={
        # A retriever's operation is said to be embeddings, and a chain's is none.
        "operation": (absent(~value(KIND, "llm")),),
        "agent": (f"{META}lc_agent_name",),
        "workflow": (span_name(when=CHAIN & is_root()),),
        "tool": ("gen_ai.tool.name", span_name(when=value(KIND, "tool"))),
        "session_id": keys_with(META, SESSION_NAMES),
        "user_id": keys_with(META, USER_NAMES),
        "tenant": keys_with(META, TENANT_NAMES),
        "prompt_name": (quoted(f"{META}lc_hub_repo"),),
        "prompt_version": (quoted(f"{META}lc_hub_commit_hash"),),
    },
    documents=(
        Document(f"{META}usage_metadata", PART_FIELDS, read_usage),
        Document(
            "gen_ai.completion",
            ("response_id", "response_model", "finish_reason"),
            read_completion,
            when=value(KIND, "llm"),
        ),
    ),
    input_keys=("gen_ai.prompt",),
    output_keys=("gen_ai.completion",),
)
