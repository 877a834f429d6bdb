"""Queries and boards that people keep: a TOML file beside the data, meant to be edited and versioned.

```toml
[[query]]
name = "slow tools"
sql = "SELECT tool, p95(duration_ms) AS p95_ms FROM tool_calls WHERE started_at >= :start GROUP BY tool"
chart = "bars"
x = "tool"
y = "p95_ms"

[[query]]
name = "success by agent"
metric = "success_rate"
by = "agent"

[[board]]
name = "support"
queries = ["slow tools", "success by agent"]
```
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from store.errors import ConfigError

FILE_NAME: Final = "dashboards.toml"
CHARTS: Final = ("table", "bars", "lines", "number")
LONGEST_SQL: Final = 100_000
MOST: Final = 500


@dataclass(frozen=True)
class SavedQuery:
    """A query with the chart that shows it: of SQL over the views, or of a metric by a dimension."""

    name: str
    sql: str = ""
    metric: str = ""
    chart: str = "table"
    x: str = ""
    y: str = ""
    by: str = ""


@dataclass(frozen=True)
class Board:
    """Queries that are shown together, by name."""

    name: str
    queries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Saved:
    """All that is kept."""

    queries: tuple[SavedQuery, ...] = ()
    boards: tuple[Board, ...] = ()

    def find_query(self, name: str) -> SavedQuery | None:
        """Return the query of that name."""
        return next((query for query in self.queries if query.name == name), None)

    def with_query(self, query: SavedQuery, board: str = "") -> Saved:
        """Return the same with a query added or replaced, and shown on a board when one is named."""
        queries = (*(kept for kept in self.queries if kept.name != query.name), query)
        boards = self.boards
        if board:
            known = next((kept for kept in boards if kept.name == board), Board(board))
            names = tuple(dict.fromkeys((*known.queries, query.name)))
            changed = replace(known, queries=names)
            boards = (
                tuple(changed if kept.name == board else kept for kept in boards)
                if known in boards
                else (*boards, changed)
            )
        return Saved(queries, boards)


def read_saved(path: Path) -> Saved:
    """Return what the file keeps; nothing when there is none.

    Raises:
        ConfigError: The file is no TOML, or says something unknown.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Saved()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {error}") from error
    _refuse_unknown(path, "the file", table, ("query", "board"))
    queries = tuple(_read_query(path, entry) for entry in _entries(path, table, "query"))
    names = [query.name for query in queries]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path.name}: two queries are called {name!r}; give one another name")
    boards = tuple(_read_board(path, entry, names) for entry in _entries(path, table, "board"))
    return Saved(queries, boards)


def write_saved(path: Path, saved: Saved) -> None:
    """Write the file as a whole; readers see the old or the new one.

    Raises:
        ConfigError: It cannot be written.
    """
    lines = ["# Queries and boards of the dashboard; edit and version it as you like.", ""]
    for query in saved.queries:
        lines += [
            "[[query]]",
            *(f"{key} = {_quote(str(value))}" for key, value in asdict(query).items() if value),
            "",
        ]
    for board in saved.boards:
        names = ", ".join(_quote(name) for name in board.queries)
        lines += ["[[board]]", f"name = {_quote(board.name)}", f"queries = [{names}]", ""]
    draft = path.with_suffix(".draft")
    try:
        draft.write_text("\n".join(lines), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _quote(text: str) -> str:
    """Return a TOML string; JSON's escapes are TOML's, but for the one character that JSON leaves alone."""
    if "\n" in text and "'''" not in text and all(c == "\n" or c.isprintable() for c in text):
        return f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _entries(path: Path, table: Mapping[str, object], name: str) -> list[Mapping[str, Any]]:
    entries = table.get(name, [])
    if not isinstance(entries, list) or len(entries) > MOST:
        raise ConfigError(f"{path.name}: write each {name} under [[{name}]], at most {MOST} of them")
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise ConfigError(f"{path.name}: write each {name} under [[{name}]]")
    return cast("list[Mapping[str, Any]]", entries)


def _read_query(path: Path, entry: Mapping[str, Any]) -> SavedQuery:
    known = tuple(SavedQuery.__dataclass_fields__)
    name = str(entry.get("name", "")).strip()
    _refuse_unknown(path, f"query {name!r}", entry, known)
    query = SavedQuery(**{key: str(value) for key, value in entry.items()})
    if not name or bool(query.sql) == bool(query.metric):
        raise ConfigError(f"{path.name}: query {name!r} needs a name and either sql or a metric")
    if query.chart not in CHARTS:
        raise ConfigError(
            f"{path.name}: query {name!r} has chart {query.chart!r}; use one of {', '.join(CHARTS)}"
        )
    if len(query.sql) > LONGEST_SQL:
        raise ConfigError(f"{path.name}: the SQL of query {name!r} is longer than {LONGEST_SQL:,} characters")
    return query


def _read_board(path: Path, entry: Mapping[str, Any], known: list[str]) -> Board:
    name = str(entry.get("name", "")).strip()
    _refuse_unknown(path, f"board {name!r}", entry, ("name", "queries"))
    queries = entry.get("queries", [])
    if not name or not isinstance(queries, list):
        raise ConfigError(f"{path.name}: a board needs a name and a list of queries")
    for query in queries:
        if query not in known:
            raise ConfigError(
                f"{path.name}: board {name!r} shows {query!r}, which is no query; add it, or remove it there"
            )
    return Board(name, tuple(str(query) for query in queries))


def _refuse_unknown(path: Path, where: str, entry: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in entry:
        if key not in known:
            raise ConfigError(f"{path.name}: {where} has the unknown key {key!r}; use {', '.join(known)}")
