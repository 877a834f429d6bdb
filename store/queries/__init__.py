"""The analytics SQL: one portable SELECT a file, a folder per subject; each begins with a sentence.

What both engines answer alike, as `make test-cluster` compares (each parameter needs an example value there):
no alias equal to a column of the query's tables; ORDER BY after a UNION only around it, counts in it cast to BIGINT;
ties of ORDER BY broken, NULLS LAST said; every subquery column named; counts divided with nullif; times, maps and
percentiles by the functions of `store/engines/prelude`; a map is never NULL on ClickHouse; `x IN $list` for lists;
data of the caller as a frame.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from store.errors import NotFound

_DIRECTORY = Path(__file__).parent
_NAME = re.compile(r"[a-z0-9_]+/[a-z0-9_]+")
_COMMENT_OR_TEXT = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True, slots=True)
class ComposedQuery:
    """A SELECT that `store.figures` wrote, for questions whose columns are chosen by the asker."""

    name: str
    sql: str
    is_bounded: bool = False
    """It reads narrow tables over a long window: it has a budget of its own, [store] figures_timeout_s."""


Query = str | ComposedQuery
"""A stored query by its name, or a composed one."""


def read_text(query: Query) -> str:
    """Return the SELECT of a query."""
    return read_query(query) if isinstance(query, str) else query.sql


def name_query(query: Query) -> str:
    """Return what errors call a query."""
    return query if isinstance(query, str) else query.name


def list_queries() -> list[str]:
    """Return the names of all stored queries, sorted."""
    return sorted(f"{path.parent.name}/{path.stem}" for path in _DIRECTORY.glob("*/*.sql"))


@cache
def read_query(name: str) -> str:
    """Return the text of the query `subject/name`.

    Raises:
        NotFound: No such file.
    """
    path = _DIRECTORY / f"{name}.sql"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound(
            f"no stored query is called {name!r}; queries are the files store/queries/<subject>/<name>.sql"
        )
    return path.read_text(encoding="utf-8")


def find_parameters(sql: str) -> list[str]:
    """Return the names of the `$name` parameters of a query, in the order of their first use."""
    return list(dict.fromkeys(_PARAMETER.findall(_COMMENT_OR_TEXT.sub(" ", sql))))
