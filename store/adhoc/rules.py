"""What an ad-hoc query may be made of; whatever is not listed here is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LONGEST_QUERY: Final = 100_000
"""Characters of a query."""

DEEPEST_LAMBDAS: Final = 5
"""Lambdas inside each other: the engine's time to prepare them doubles with each."""

DEEPEST_MACROS: Final = 4
"""Macros inside each other: each writes its argument out several times."""

QUERY_NODES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
"""Forms of a query. INSERT, UPDATE and DELETE inside a WITH are other ones."""

TABLE_REFERENCES: Final = frozenset(
    {
        "BASE_TABLE",
        "SUBQUERY",
        "JOIN",
        "TABLE_FUNCTION",
        "EXPRESSION_LIST",
        "EMPTY",
        "PIVOT",
        "SHOW_REF",
    }
)
"""What may stand behind FROM."""

MODIFIERS: Final = frozenset(
    {
        "ORDER_MODIFIER",
        "LIMIT_MODIFIER",
        "LIMIT_PERCENT_MODIFIER",
        "DISTINCT_MODIFIER",
        "ORDER_DEFAULT",
        "ASCENDING",
        "DESCENDING",
    }
)
"""What may stand behind a query."""

EXPRESSIONS: Final = frozenset(
    {
        "BETWEEN",
        "CASE",
        "CAST",
        "COLLATE",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "LAMBDA",
        "LAMBDA_REF",
        "OPERATOR",
        "POSITIONAL_REFERENCE",
        "STAR",
        "SUBQUERY",
        "TYPE",
        "WINDOW",
    }
)
"""Forms of an expression. Parameters are not among them: nobody would give them values."""

TABLE_FUNCTIONS: Final = frozenset({"unnest", "generate_series", "range", "json_each", "json_tree"})
"""Functions that may stand behind FROM; all others read files, settings or the catalogue."""

_HARMLESS_SIDE_EFFECTS: Final = frozenset({"random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "error"})

_REFUSED: Final = frozenset(
    {
        # They tell about the process, its settings or the catalogue.
        "can_cast_implicitly",
        "cast_to_type",
        "create_sort_key",
        "current_catalog",
        "current_database",
        "current_query",
        "current_role",
        "current_schema",
        "current_schemas",
        "current_setting",
        "current_user",
        "get_block_size",
        "getenv",
        "getvariable",
        "in_search_path",
        "index_key",
        "json_deserialize_sql",
        "json_serialize_plan",
        "json_serialize_sql",
        "parse_duckdb_log_message",
        "session_user",
        "txid_current",
        "user",
        # They make a large value of a small one, outside the engine's count of memory.
        "array_resize",
        "bitstring",
        "format",
        "generate_series",
        "list_resize",
        "lpad",
        "printf",
        "range",
        "repeat",
        "rpad",
        "to_base",
    }
)


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function as the engine's catalogue lists it."""

    name: str
    schema: str
    kind: str
    has_side_effects: bool


@dataclass(frozen=True, slots=True)
class FunctionRules:
    """Names of the functions an expression may call, and which of them are macros."""

    allowed: frozenset[str]
    macros: frozenset[str]


def choose_functions(entries: Iterable[FunctionEntry]) -> FunctionRules:
    """Return which functions of the catalogue an expression may call."""
    callable_ones = [entry for entry in entries if entry.kind in ("scalar", "aggregate", "macro")]
    refused = _REFUSED | {
        entry.name
        for entry in callable_ones
        if entry.schema != "main" or (entry.has_side_effects and entry.name not in _HARMLESS_SIDE_EFFECTS)
    }
    allowed = {
        entry.name
        for entry in callable_ones
        if entry.name not in refused and not entry.name.startswith("__internal")
    }
    macros = {entry.name for entry in callable_ones if entry.kind == "macro"}
    # Behind SELECT it is syntax, not an entry of the catalogue.
    return FunctionRules(frozenset(allowed | {"unnest"}), frozenset(macros & allowed))
