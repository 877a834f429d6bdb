"""Reads one table of the configuration key by key; errors name section, key, value and remedy."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NoReturn, cast

from store.configuration.durations import format_duration, parse_duration
from store.configuration.secrets import Secret
from store.errors import ConfigError

_LONGEST_TEXT: Final = 4_096
_LONGEST_NAME: Final = 100
_LONGEST_LIST: Final = 200
_MOST_CHOICES: Final = 20
"""An error names no more of them."""
_MOST_SECRET_BYTES: Final = 65_536
Filters = Mapping[str, str | tuple[str, ...]]
"""What dimensions must be: one text, or one of several."""

_LABEL_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")


class Section:
    """One table of the configuration and which of its keys were asked for."""

    def __init__(
        self,
        title: str,
        values: Mapping[str, object],
        *,
        environ: Mapping[str, str] | None = None,
        variable_prefix: str = "",
        directory: Path | None = None,
    ) -> None:
        self.title = title
        self._values = values
        self._environ = environ or {}
        self._variable_prefix = variable_prefix
        self._directory = directory or Path()
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    @property
    def keys(self) -> Collection[str]:
        """Keys that were set."""
        return self._values.keys()

    @property
    def written(self) -> dict[str, object]:
        """What was set, by key; secrets included, so nothing to show of tables that have some."""
        return dict(self._values)

    @property
    def asked(self) -> Collection[str]:
        """Keys that were asked for so far: what may be written here."""
        return frozenset(self._asked)

    def fail(self, key: str, remedy: str) -> NoReturn:
        """Raise ConfigError about the value of `key`."""
        value = self._values.get(key)
        shown = f" = {_show(value)}" if key in self._values else ""
        raise ConfigError(f"{self.title}: {key}{shown} {remedy}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default the key is required."""
        value = self._take(key)
        if value is None:
            if default is None:
                raise ConfigError(f'{self.title}: {key} is missing; add {key} = "…"')
            return default
        if not isinstance(value, str):
            self.fail(key, 'is not a text; put it in quotes: "…"')
        if not value.strip() or len(value) > _LONGEST_TEXT:
            self.fail(
                key, f"is empty or longer than {_LONGEST_TEXT} characters; shorten it or leave the key out"
            )
        return value

    def name(self) -> str:
        """Return the name of what the table describes: one line, printable."""
        name = self.text("name").strip()
        if len(name) > _LONGEST_NAME or not name.isprintable():
            self.fail(
                "name", f"is longer than {_LONGEST_NAME} characters or has control characters; choose another"
            )
        return name

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return one of `choices`."""
        value = self.text(key, default)
        if value not in choices:
            self.fail(key, f"is not one of {_list(choices)}{_suggest(value, choices)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fail(key, "is not true or false; write it without quotes")
        return value

    def number(self, key: str) -> float | None:
        """Return a finite number, None when the key is not set."""
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self.fail(key, "is not a number; write it without quotes, for example 0.95")
        return float(value)

    def count(self, key: str, default: int, least: int = 0) -> int:
        """Return a whole number."""
        value = self._take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(key, "is not a whole number; write it without quotes, for example 20")
        if not least <= value <= 10**12:
            self.fail(key, f"is out of range; it must be at least {least}")
        return value

    def duration(self, key: str, default: timedelta, least: timedelta = timedelta(0)) -> timedelta:
        """Return a duration written as in Prometheus."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, str):
            self.fail(key, 'is not a duration; put it in quotes with a unit, for example "5m" or "4h30m"')
        try:
            duration = parse_duration(value)
        except ValueError:
            self.fail(
                key, 'is not a duration; write a number and a unit (ms, s, m, h, d, w), for example "4h30m"'
            )
        if duration < least:
            self.fail(key, f'is too short; it must be at least "{format_duration(least)}"')
        return duration

    def instant(self, key: str) -> datetime | None:
        """Return a date with time, as TOML writes it; one without offset is UTC."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, datetime):
            self.fail(key, "is not a date with time; write it without quotes, as 2026-03-02T22:00:00Z")
        return value if value.tzinfo else value.replace(tzinfo=UTC)

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """Return a list of texts without repetition."""
        value = self._take(key)
        if value is None:
            return tuple(default)
        items = cast("list[object]", value) if isinstance(value, list) else None
        if items is None or len(items) > _LONGEST_LIST or not all(_is_short_text(item) for item in items):
            self.fail(key, 'is not a list of texts; write it as ["one", "two"]')
        return tuple(dict.fromkeys(cast("list[str]", items)))

    def table(self, key: str) -> dict[str, object]:
        """Return a table, empty when the key is not set."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            self.fail(key, 'is not a table; write it as { name = "value" }')
        return cast("dict[str, object]", value or {})

    def pairs(self, key: str) -> dict[str, str]:
        """Return a table of texts by label name."""
        value = self._take(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fail(key, 'is not a table; write it as { name = "value" }')
        pairs = cast("Mapping[str, object]", value)
        for name, text in pairs.items():
            if not _LABEL_NAME.fullmatch(name):
                raise ConfigError(
                    f"{self.title}: {key}.{name} is not a name; use letters, digits, dots and underscores"
                )
            if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
                raise ConfigError(
                    f'{self.title}: {key}.{name} = {_show(text)} is not a text; put it in quotes: "…"'
                )
        return cast("dict[str, str]", dict(pairs))

    def filters(self, key: str) -> Filters:
        """Return a table of texts, or of lists of texts any of which will do, by dimension."""
        value = self._take(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.fail(key, 'is not a table; write it as { name = "value" }')
        filters: dict[str, str | tuple[str, ...]] = {}
        for name, wanted in cast("Mapping[str, object]", value).items():
            texts = cast("list[object]", wanted) if isinstance(wanted, list) else [wanted]
            if not texts or len(texts) > _LONGEST_LIST or not all(_is_short_text(text) for text in texts):
                remedy = 'is not a text or a list of texts; write "one" or ["one", "two"]'
                raise ConfigError(f"{self.title}: {key}.{name} = {_show(wanted)} {remedy}")
            found = tuple(str(text) for text in texts)
            filters[name] = found if isinstance(wanted, list) else found[0]
        return filters

    def tables(self, key: str) -> list[dict[str, object]]:
        """Return an array of tables."""
        value = self._take(key)
        items = cast("list[object]", value) if isinstance(value, list) else None
        if value is not None and (items is None or not all(isinstance(item, dict) for item in items)):
            self.fail(key, f"is not an array of tables; start each with [[{key}]]")
        return cast("list[dict[str, object]]", items or [])

    def secret(self, key: str) -> Secret | None:
        """Return a secret: from the environment, else the key, else the file `<key>_file` names."""
        file_key = f"{key}_file"
        value, path = self._take(key), self._take(file_key)
        variable = f"{self._variable_prefix}{key.upper()}"
        if self._variable_prefix and (from_environment := self._environ.get(variable)):
            return Secret(from_environment.strip())
        if value is not None and path is not None:
            raise ConfigError(f"{self.title}: {key} and {file_key} exclude each other; keep one of them")
        if value is not None:
            if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_TEXT:
                raise ConfigError(f'{self.title}: {key} is not a text; put it in quotes: "…"')
            return Secret(value.strip())
        return self._read_secret(file_key, path) if path is not None else None

    def secret_remedy(self, key: str) -> str:
        """Return where `secret` looks for `key`, as the remedy of an error."""
        return f'add {key} = "…", {key}_file = "/path/of/a/file", or set {self._variable_prefix}{key.upper()}'

    def finish(self) -> None:
        """Raise ConfigError about the first key that nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                raise ConfigError(
                    f"{self.title}: unknown key {key}{_suggest(key, self._asked)}; remove or correct it"
                )

    def _read_secret(self, key: str, path: object) -> Secret:
        if not isinstance(path, str):
            self.fail(key, 'is not a path; put it in quotes: "/run/secrets/…"')
        try:
            with (self._directory / path).expanduser().open("rb") as file:
                text = file.read(_MOST_SECRET_BYTES).decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{self.title}: {key} = {_show(path)} cannot be read ({error}); correct the path"
            ) from error
        if not text:
            self.fail(key, "is an empty file; write the secret into it")
        return Secret(text)

    def value(self, key: str) -> object | None:
        """Return the value of a key as it was read, None when it is not set; the caller checks it."""
        return self._take(key)

    def _take(self, key: str) -> object | None:
        self._asked.add(key)
        return self._values.get(key)


def _is_short_text(item: object) -> bool:
    return isinstance(item, str) and len(item.strip()) > 0 and len(item) <= _LONGEST_TEXT


def _list(choices: Sequence[str]) -> str:
    shown = choices if len(choices) <= _MOST_CHOICES else choices[:_MOST_CHOICES]
    more = f" … ({len(choices)} in all)" if len(choices) > len(shown) else ""
    return f"{', '.join(shown)}{more}"


def _suggest(word: str, choices: Collection[str]) -> str:
    close = difflib.get_close_matches(word, list(choices), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _show(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
