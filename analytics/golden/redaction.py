"""What must not leave with a dataset: texts that match a rule are replaced before anything is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from store.errors import ConfigError

USUAL: Final = {
    # Looks back so that a long word is read once, not from each of its letters.
    "email": r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+",
    "card": r"\b(?:\d[ -]?){13,19}\b",
    "phone": r"(?<![\w.])(?:\+|0|\(0)\d[\d ()/-]{6,}\d(?!\w)",
    "key": r"\b(?:sk|pk|ghp|xox[abp])[-_][A-Za-z0-9_-]{10,}\b",
}
"""Rules that apply unless they are turned off."""


@dataclass(frozen=True)
class Redaction:
    """Rules in order: name and pattern."""

    rules: tuple[tuple[str, re.Pattern[str]], ...]

    @classmethod
    def of(cls, patterns: Sequence[str] = (), *, usual: bool = True) -> Redaction:
        """Return the usual rules and some more patterns.

        Raises:
            ConfigError: A pattern is no regular expression.
        """
        named = list(USUAL.items()) if usual else []
        try:
            own = [("redacted", re.compile(pattern)) for pattern in patterns]
        except re.error as error:
            raise ConfigError(f"a pattern to redact is no regular expression: {error}; correct it") from error
        return cls((*own, *((name, re.compile(pattern)) for name, pattern in named)))

    def clean(self, text: str | None) -> str | None:
        """Return the text with everything that matches a rule replaced by the rule's name.

        >>> Redaction.of(["order \\\\d+"]).clean("order 77 of ada@example.com")
        '[redacted] of [email]'
        """
        if text is None:
            return None
        for name, pattern in self.rules:
            text = pattern.sub(f"[{name}]", text)
        return text
