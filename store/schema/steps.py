"""The steps from one version of the schema to the next: files `migrations/NNNN_name.sql`.

NNNN is the version reached. A new database is created from the files in `tables`, which always say the newest
version, and runs no step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_DIRECTORY = Path(__file__).parent / "migrations"
_FILE = re.compile(r"(\d{4})_(\w+)")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: statements that bring the schema to `version`."""

    version: int
    name: str
    sql: str


def read_migrations(directory: Path = _DIRECTORY) -> tuple[Migration, ...]:
    """Return the steps in order."""
    steps: list[Migration] = []
    for path in sorted(directory.glob("*.sql")):
        found = _FILE.fullmatch(path.stem)
        if found is None:
            raise ValueError(f"a migration is called NNNN_name.sql, this one {path.name}")
        steps.append(Migration(int(found[1]), found[2], path.read_text(encoding="utf-8")))
    return tuple(steps)
