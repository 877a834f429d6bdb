"""What a channel is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

from alerts.messages.model import Message
from store.configuration.section import Section


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side said when it took a message."""

    note: str | None = None
    """Something a person should know although it was delivered."""


class Channel(Protocol):
    """A place messages go to. Neither its repr nor its errors contain secrets."""

    type: ClassVar[str]

    @property
    def name(self) -> str:
        """Name that routes use."""
        ...

    @property
    def sends_resolved(self) -> bool:
        """Whether it wants to hear that alerts ended."""
        ...

    @property
    def pause_s(self) -> float:
        """Least seconds between two messages that the other side is known to ask for."""
        ...

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes, or raise ConfigError."""
        ...

    def send(self, message: Message, idempotency_key: str) -> Receipt:
        """Deliver one message; the same key means the same message.

        Raises:
            DeliveryFailed: It was not delivered, and whether trying again can help.
        """
        ...

    def render(self, message: Message, idempotency_key: str) -> Any:
        """Return what `send` would send, for previews."""
        ...

    def describe(self) -> str:
        """Return where it leads, without secrets."""
        ...
