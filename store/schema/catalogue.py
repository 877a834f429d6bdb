"""The schema as the SQL files say it: tables of the schema `ledger`, and the public views over them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

_DIRECTORY = Path(__file__).parent
_COMMENTED_LINE = re.compile(r"^ {4}(?P<code>\S.*?),? -- (?P<comment>.+)$")
_ALIAS = re.compile(r"\sAS\s+(\w+)$")
_COLUMN = re.compile(r"^(?P<name>\w+)\s+(?P<definition>[A-Z].*)$")
_COMPRESSION = re.compile(r"\s+USING COMPRESSION \w+")
_NOT_NULL = re.compile(r"\s+NOT NULL\b")


@dataclass(frozen=True, slots=True)
class Column:
    """A column and what it says; `type` and `not_null` are known for tables only."""

    name: str
    comment: str
    type: str = ""
    not_null: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view with the text that creates it, its sentence, and its columns in order."""

    name: str
    sql: str
    comment: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> frozenset[str]:
        """The names of the columns."""
        return frozenset(column.name for column in self.columns)


@cache
def read_tables(directory: Path = _DIRECTORY / "tables") -> dict[str, Relation]:
    """Return the tables by name."""
    relations = (_read_relation(path, path.stem, is_view=False) for path in sorted(directory.glob("*.sql")))
    return {relation.name: relation for relation in relations}


@cache
def read_views(engine: str = "duckdb", directory: Path = _DIRECTORY / "views") -> dict[str, Relation]:
    """Return the views by name. A file `name.<engine>.sql` holds what one engine needs said differently."""
    found: dict[str, Relation] = {}
    for path in sorted(directory.glob("*.sql")):
        name, _, only_for = path.stem.partition(".")
        if only_for in ("", engine):
            found[name] = _read_relation(path, name, is_view=True)
    return found


def fingerprint_views(*extra: str) -> str:
    """Return a hash of all views and of `extra` texts: whether a database has the present ones."""
    texts = [relation.sql for relation in read_views().values()]
    return sha256("\0".join([*texts, *extra]).encode()).hexdigest()[:16]


def find_missing(present: Iterable[tuple[str, str]]) -> str | None:
    """Return the first table or column that a database lacks, None when it has all.

    Args:
        present: Table and column, for every column that the database has in the schema `ledger`.
    """
    columns: dict[str, set[str]] = {}
    for table, column in present:
        columns.setdefault(table, set()).add(column)
    for table in read_tables().values():
        if table.name not in columns:
            return f"table {table.name}"
        if missing := sorted(table.column_names - columns[table.name]):
            return f"column {table.name}.{missing[0]}"
    return None


def _read_relation(path: Path, name: str, *, is_view: bool) -> Relation:
    sql = path.read_text(encoding="utf-8")
    lines = sql.splitlines()
    sentence = " ".join(line[2:].strip() for line in _take_comment(lines))
    columns: list[Column] = []
    for line in lines:
        if found := _COMMENTED_LINE.match(line):
            column = _read_column(found["code"], found["comment"], is_view=is_view)
            if column is not None:
                columns.append(column)
    return Relation(name, sql, sentence, tuple(columns))


def _take_comment(lines: list[str]) -> list[str]:
    taken: list[str] = []
    for line in lines:
        if not line.startswith("--"):
            break
        taken.append(line)
    return taken


def _read_column(code: str, comment: str, *, is_view: bool) -> Column | None:
    if is_view:
        alias = _ALIAS.search(code)
        return Column(alias[1], comment) if alias else None
    found = _COLUMN.match(code)
    if found is None:
        return None
    definition = _COMPRESSION.sub("", found["definition"])
    bare = _NOT_NULL.sub("", definition)
    return Column(found["name"], comment, bare, not_null=bare != definition)
