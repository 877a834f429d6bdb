"""Who a run is for, as applications name it in metadata objects."""

from __future__ import annotations

from typing import Final

from collector.dialects.engine.readers import Reader, member

USER_NAMES: Final = ("user_id", "userId", "user", "customer_id", "end_user_id")
SESSION_NAMES: Final = (
    "session_id",
    "sessionId",
    "thread_id",
    "threadId",
    "conversation_id",
    "conversationId",
)
TENANT_NAMES: Final = ("tenant_id", "tenantId", "tenant")


def members_of(key: str) -> dict[str, tuple[Reader, ...]]:
    """Return readers of session, user and tenant in the JSON object that a key holds."""
    return {
        "session_id": (member(key, *SESSION_NAMES),),
        "user_id": (member(key, *USER_NAMES),),
        "tenant": (member(key, *TENANT_NAMES),),
    }


def keys_with(prefix: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names as keys under a prefix."""
    return tuple(f"{prefix}{name}" for name in names)
