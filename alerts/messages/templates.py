"""Annotations with placeholders: `{{ value }}`, `{{ labels.agent }}`; values are put in, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from store.errors import ConfigError

_PLACEHOLDER: Final = re.compile(r"\{\{(?P<name>[^{}]*)\}\}")
_LABEL: Final = re.compile(r"\$?labels\.(?P<label>[A-Za-z_][A-Za-z0-9_.]{0,99})")
FIELDS: Final = ("alert", "severity", "value", "threshold", "reason")


def check_template(template: str) -> None:
    """Raise ConfigError when a placeholder means nothing."""
    for match in _PLACEHOLDER.finditer(template):
        name = match["name"].strip()
        if name.removeprefix("$") not in FIELDS and not _LABEL.fullmatch(name):
            known = ", ".join(f"{{{{ {field} }}}}" for field in FIELDS)
            raise ConfigError(f"{match[0]!r} is not a placeholder; use {known} or {{{{ labels.NAME }}}}")


def fill_template(template: str, fields: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """Return the template with its placeholders replaced once; unknown ones stay as they are."""

    def fill(match: re.Match[str]) -> str:
        name = match["name"].strip()
        if label := _LABEL.fullmatch(name):
            return labels.get(label["label"], "")
        return fields.get(name.removeprefix("$"), match[0])

    return _PLACEHOLDER.sub(fill, template)
