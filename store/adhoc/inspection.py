"""Decides whether a parsed query is one SELECT over the public views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from store.adhoc.rules import (
    DEEPEST_LAMBDAS,
    DEEPEST_MACROS,
    EXPRESSIONS,
    MODIFIERS,
    QUERY_NODES,
    TABLE_FUNCTIONS,
    TABLE_REFERENCES,
    FunctionRules,
)
from store.errors import QueryRejected

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What holds at one place of the query."""

    subqueries: frozenset[str] = frozenset()
    """Names that a WITH around the place defines."""
    lambdas: int = 0
    macros: int = 0


class QueryInspector:
    """Walks the syntax tree of a query, as DuckDB writes it in JSON, and refuses what it does not know."""

    def __init__(self, views: frozenset[str], functions: FunctionRules) -> None:
        self._views = views
        self._functions = functions

    def inspect(self, tree: Node) -> None:
        """Return when the query may run.

        Raises:
            QueryRejected: It names something else than the views, or is made of something unknown.
        """
        statements = tree.get("statements", [])
        if len(statements) != 1:
            raise QueryRejected(
                f"one SELECT is accepted, these are {len(statements)} statements; send them apart"
            )
        try:
            self._visit(statements[0]["node"], _Surroundings())
        except RecursionError as error:
            raise refuse_depth() from error

    def _visit(self, value: object, around: _Surroundings) -> None:
        if isinstance(value, list):
            for item in value:
                self._visit(item, around)
        elif isinstance(value, dict):
            if isinstance(value.get("class"), str):
                self._visit_expression(value, around)
            elif isinstance(value.get("type"), str):
                self._visit_clause(value, around)
            else:
                self._visit_parts(value, around)

    def _visit_parts(self, node: Node, around: _Surroundings) -> None:
        for part in node.values():
            self._visit(part, around)

    def _visit_clause(self, node: Node, around: _Surroundings) -> None:
        kind = node["type"]
        if kind in QUERY_NODES:
            self._visit_query(node, around)
        elif kind == "BASE_TABLE":
            self._check_table(node, around)
            self._visit_parts(node, around)
        elif kind == "TABLE_FUNCTION":
            self._check_table_function(node["function"])
            self._visit(node["function"].get("arguments", []), around)
            self._visit(node.get("sample"), around)
        elif kind == "SHOW_REF":
            self._check_show(node)
            self._visit(node.get("query"), around)
        elif kind in TABLE_REFERENCES or kind in MODIFIERS:
            self._visit_parts(node, around)
        else:
            raise QueryRejected(f"{_name_kind(kind)} is not accepted; only SELECT over the views is")

    def _visit_query(self, node: Node, around: _Surroundings) -> None:
        for entry in (node.get("cte_map") or {}).get("map") or []:
            # Its name is known to what follows, not to itself: there it would be a table of the catalogue.
            self._visit(entry["value"], around)
            around = _define(around, entry["key"])
        for name, part in node.items():
            if name == "cte_map":
                continue
            recursive = node["type"] == "RECURSIVE_CTE_NODE" and name == "right"
            self._visit(part, _define(around, node["cte_name"]) if recursive else around)

    def _visit_expression(self, node: Node, around: _Surroundings) -> None:
        kind = node["class"]
        if kind == "PARAMETER":
            raise QueryRejected("the query has a parameter; write the value in its place")
        if kind not in EXPRESSIONS:
            raise QueryRejected(
                f"{_name_kind(kind)} is not accepted in an expression; only SELECT over the views is"
            )
        if kind == "LAMBDA":
            around = replace(around, lambdas=around.lambdas + 1)
            if around.lambdas > DEEPEST_LAMBDAS:
                raise QueryRejected(
                    f"more than {DEEPEST_LAMBDAS} lambdas stand inside each other; use a subquery"
                )
        if kind in ("FUNCTION", "WINDOW"):
            around = self._check_function(node, around)
        self._visit_parts(node, around)

    def _check_function(self, node: Node, around: _Surroundings) -> _Surroundings:
        *schema, name = _read_path(node)
        if schema not in ([], ["main"]) or not self._is_callable(node, name):
            raise QueryRejected(
                f"the function {name} is not accepted in ad-hoc queries; docs/schema.md says what is"
            )
        if name in self._functions.macros:
            around = replace(around, macros=around.macros + 1)
            if around.macros > DEEPEST_MACROS:
                raise QueryRejected(
                    f"more than {DEEPEST_MACROS} functions like {name} stand inside each other; use a subquery"
                )
        return around

    def _is_callable(self, node: Node, name: str) -> bool:
        is_window_function = node["class"] == "WINDOW" and node["type"] != "WINDOW_AGGREGATE"
        return is_window_function or name in self._functions.allowed

    def _check_table(self, node: Node, around: _Surroundings) -> None:
        path = _read_path(node)
        if len(path) == 1 and (path[0] in around.subqueries or path[0] in self._views):
            return
        if len(path) == 2 and path[0] == "main" and path[1] in self._views:
            return
        raise self._refuse_table(".".join(path), path[-1])

    def _refuse_table(self, written: str, name: str) -> QueryRejected:
        close = get_close_matches(name, sorted(self._views), n=1)
        hint = f"did you mean {close[0]}" if close else f"the views are {', '.join(sorted(self._views))}"
        return QueryRejected(f"there is no view {written}; {hint}")

    def _check_table_function(self, function: Node) -> None:
        *schema, name = _read_path(function)
        if schema or name not in TABLE_FUNCTIONS:
            raise QueryRejected(
                f"{name}() is not accepted behind FROM; only views, subqueries, "
                f"{', '.join(sorted(TABLE_FUNCTIONS))} are"
            )

    def _check_show(self, node: Node) -> None:
        if node.get("query") is not None:
            return
        path = _read_path(node)
        if len(path) != 1 or path[0].strip('"') not in self._views:
            raise QueryRejected(
                f"that cannot be shown; DESCRIBE one of the views: {', '.join(sorted(self._views))}"
            )


def refuse_depth() -> QueryRejected:
    """Return the error of a query that is nested too deeply."""
    return QueryRejected("the query is nested too deeply; name parts of it in a WITH")


def _define(around: _Surroundings, name: str) -> _Surroundings:
    return replace(around, subqueries=around.subqueries | {name.lower()})


def _read_path(node: Node) -> list[str]:
    path = (node.get("qualified_name") or {}).get("path") or []
    return [str(part).lower() for part in path] or [""]


def _name_kind(kind: str) -> str:
    return kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " ")
