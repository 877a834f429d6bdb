"""What must not leave with a dataset: texts that match a rule are replaced before anything is written."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from store.errors import ConfigError

USUAL: Final = {
    # Looks back so that a long word is read once, not from each of its letters.
    "email": r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+",
    "key": r"\b(?:(?:sk|pk|rk|gh[opsur]|glpat|xox[abeprs])[-_][\w-]{10,}|github_pat_\w{20,}|A(?:KIA|SIA)[0-9A-Z]{16}"
    r"|AIza[\w-]{35}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+)",
    "card": r"\b\d(?:[ -]?\d){12,18}\b",
    "phone": r"(?<![\w.])(?:\+|0|\(0)\d[\d ()/-]{6,}\d(?!\w)",
}
"""Rules that apply unless they are turned off; keys before numbers, which are part of some."""


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
        try:
            value = json.loads(text)
        except ValueError:
            return self._replace(text)
        # Inside JSON a text is written with escapes, which a rule must not see, and a replacement must not break.
        return text if (cleaned := self._walk(value)) == value else json.dumps(cleaned, ensure_ascii=False)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._walk(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {
                self._replace(key): self._walk(item) for key, item in cast("dict[str, Any]", value).items()
            }
        if isinstance(value, bool) or value is None:
            return value
        text = str(value)
        return value if (replaced := self._replace(text)) == text else replaced

    def _replace(self, text: str) -> str:
        for name, pattern in self.rules:
            text = pattern.sub(f"[{name}]", text)
        return text
