"""What a channel is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol, Self

from alerts.messages.model import Message
from store.configuration.section import Section


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side said when it took a message."""

    note: str | None = None
    """Something a person should know although it was delivered."""
    handle: str | None = None
    """What later messages about the same group need to join or change this one, in the channel's own writing."""


@dataclass(frozen=True, slots=True)
class Thread:
    """What is known about earlier messages of the same group, and earlier attempts of this one."""

    handle: str | None = None
    """The first message since the group began to fire; None when this is the first, or the channel has no handles."""
    attempt: int = 1
    """From the second on, an earlier attempt may have reached the other side without our learning of it."""


ALONE: Final = Thread()


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

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Deliver one message, into its group's thread where there are such; the same key means the same message.

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
