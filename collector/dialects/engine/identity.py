"""Who a run is for, as applications name it in metadata objects."""

from __future__ import annotations

from typing import Final, cast

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
IDENTITY_FIELDS: Final = ("session_id", "user_id", "tenant")


def read_identity(metadata: object) -> dict[str, object]:
    """Return session, user and tenant of a metadata object."""
    if not isinstance(metadata, dict):
        return {}
    said = cast("dict[str, object]", metadata)
    return {
        field: _first_text(said, names)
        for field, names in (
            ("session_id", SESSION_NAMES),
            ("user_id", USER_NAMES),
            ("tenant", TENANT_NAMES),
        )
    }


def keys_with(prefix: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names as keys under a prefix."""
    return tuple(f"{prefix}{name}" for name in names)


def _first_text(said: dict[str, object], names: tuple[str, ...]) -> str | None:
    for name in names:
        found = said.get(name)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
    return None
