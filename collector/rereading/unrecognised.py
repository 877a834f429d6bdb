"""Attributes that look as if they told of a model, an agent or money, whoever wrote them."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = (
    "ai|llm|genai|agent|model|token|tok|prompt|completion|embedding|chat|usage|cost|conversation|assistant|tool|openai"
    "|anthropic|claude|gemini|bedrock|mistral|gpt|retriever|guardrail|reasoning|temperature|finish_reason"
)
_LIKELY: Final = re.compile(
    rf"(?i:(?:^|[^a-z0-9])(?:{_WORDS})s?(?:[^a-z0-9]|$)|tokens?$)|[a-z]Tokens?(?:[A-Z]|$)"
)
_HARMLESS: Final = re.compile(
    r"(?i)user[_.-]?agent|cost[_.-]?cent|^gen_ai\.(request|output|embeddings|system_instructions|tool\.(definitions|type|desc))"
    r"|^ai\.(settings|schema|embedding|prompt\.tool)|prompt_template|(^|\.)(temperature|max_tokens|top_p)$"
    r"|embeddings?\.\d+\.embedding|agent\.description"
)
"""Settings of a request, descriptions and vectors: they tell what was asked for, not what happened."""


def looks_like_ai(key: str) -> bool:
    """Whether a key looks like a fact about an agent, a model or money: what happened, not how it was set up.

    >>> looks_like_ai("acme.tokens_in"), looks_like_ai("inputTokens"), looks_like_ai("http.user_agent")
    (True, True, False)
    """
    return _LIKELY.search(key) is not None and _HARMLESS.search(key) is None
