"""What figures are filtered and grouped by: the only list of dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ATTRIBUTE_PREFIX: Final = "attributes."
"""`attributes.KEY` is the dimension of a declared attribute."""
MAX_KEY_CHARS: Final = 200

DIMENSIONS: Final[Mapping[str, str]] = {
    "service": "service of the run",
    "environment": "environment of the run",
    "tenant": "tenant",
    "agent": "agent that was invoked, or that made the call",
    "agent_version": "version of that agent",
    "prompt_name": "name of the prompt",
    "prompt_version": "version of the prompt",
    "model": "model that answered, else the requested one: calls that failed before an answer stand under the latter",
    "provider": "provider of the model",
    "tool": "tool that was executed",
    "user_id": "user",
    "purpose": "production, evaluation, shadow or test",
    "outcome": "of runs and cases how they ended, of calls ok or error",
    "outcome_reason": "why a run ended as it did",
    "failure_class": "taxonomy of failures",
    "finish_reason": "why a model stopped",
    "error_type": "type of a call's error, as sent",
    "score": "name of what was judged",
    "judge": "who judged: user, evaluator or human",
}
"""Every dimension and what it says; beside these, `attributes.KEY` of what the configuration declares."""

ROLLED_UP: Final = (
    "service",
    "environment",
    "agent",
    "agent_version",
    "purpose",
    "prompt_name",
    "prompt_version",
    "model",
    "provider",
    "tool",
    "outcome",
    "failure_class",
    "finish_reason",
)
"""Dimensions of the hourly rollup; the others are answered from the narrow tables."""
NOT_IN_BUCKETS: Final = ("failure_class", "finish_reason")
"""Dimensions of the hourly totals that counts per bucket lack: they would multiply rows that are many already."""


def find_attribute(dimension: str) -> str | None:
    """Return the attribute's key behind `attributes.KEY`, None for any other dimension.

    >>> find_attribute("attributes.app.plan"), find_attribute("agent")
    ('app.plan', None)
    """
    key = dimension.removeprefix(ATTRIBUTE_PREFIX)
    return key if key != dimension and 0 < len(key) <= MAX_KEY_CHARS else None
