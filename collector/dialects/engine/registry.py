"""Finds the dialects: every module beside this package that has a DIALECT."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from collector.dialects.engine.declaration import Dialect, Layer
from collector.dialects.engine.endpoints import ENDPOINT_KEYS
from collector.dialects.engine.index import Vocabulary
from collector.dialects.engine.readers import Reader
from collector.dialects.engine.records import Counters, LogEvents

PACKAGE = "collector.dialects"


@dataclass(frozen=True, slots=True)
class Registry:
    """Dialects in the order they are asked, with their readers and the keys they know."""

    dialects: tuple[Dialect, ...]
    readers: tuple[dict[str, list[Reader]], ...]
    vocabulary: Vocabulary
    log_events: tuple[tuple[str, LogEvents], ...] = ()
    """By dialect, the log records that are made spans."""
    counters: tuple[tuple[str, Counters], ...] = ()
    """By dialect, the metrics that are made spans."""


def compile_registry(dialects: list[Dialect]) -> Registry:
    """Order the dialects, mappings as they were given, and gather what they read."""
    ordered = tuple(
        sorted(
            dialects,
            key=lambda dialect: (dialect.layer, "" if dialect.layer is Layer.MAPPING else dialect.name),
        )
    )
    prefixes = dict.fromkeys(prefix for dialect in ordered for prefix in dialect.prefixes())
    return Registry(
        ordered,
        tuple(dialect.readers() for dialect in ordered),
        Vocabulary(
            ENDPOINT_KEYS.union(*(dialect.keys() for dialect in ordered)),
            tuple(prefixes),
        ),
        tuple((dialect.name, dialect.log_events) for dialect in ordered if dialect.log_events),
        tuple((dialect.name, dialect.counters) for dialect in ordered if dialect.counters),
    )


@cache
def known_dialects() -> Registry:
    """Return the registry of all dialects in the package."""
    folder = Path(__file__).parent.parent
    found: list[Dialect] = []
    for module in pkgutil.iter_modules([str(folder)]):
        if not module.ispkg:
            dialect = getattr(importlib.import_module(f"{PACKAGE}.{module.name}"), "DIALECT", None)
            if isinstance(dialect, Dialect):
                if dialect.name != module.name:
                    raise ValueError(f"dialect {dialect.name} stands in {module.name}.py; give both one name")
                found.append(dialect)
    return compile_registry(found)
