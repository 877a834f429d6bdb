"""Who may do what: people as pages, API and audit know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["viewer", "admin"]
ROLES: Final[tuple[Role, ...]] = ("viewer", "admin")
UNNAMED: Final = "someone at this machine"
"""The actor of changes on loopback, where nobody signs in."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who looks at the pages or asks the API; the name is empty where nobody has to sign in."""

    name: str = ""
    role: Role = "admin"

    @property
    def may_change(self) -> bool:
        """Whether changes are theirs to make; viewers only read."""
        return self.role == "admin"
