"""OTLP bodies on disk, through the same way as bodies from agents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from collector.importing.files import find_files, read_bodies
from collector.loading.intake import Intake
from collector.loading.statistics import LoadReport
from collector.log import Body
from store.clock import Clock, utc_now
from store.errors import RejectedData

__all__ = ["ImportReport", "import_paths"]

_log = logging.getLogger(__name__)

_BATCH_BYTES: Final = 32 << 20
_BATCH_BODIES: Final = 8192

Progress = Callable[[int, int], None]
"""Called with the bytes of the files that are loaded, and of all files."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import brought."""

    files: int
    """Files that held at least one request."""
    bodies: int
    """Requests that were new."""
    records: Mapping[str, int]
    """Records written, by signal."""
    duplicates: int
    """Requests and spans that were there already."""
    rejected: Mapping[str, int]
    """Records that went to the dead letters, by reason."""
    unreadable: Mapping[str, str]
    """Files that could not be imported, or not whole, with the reason."""


def import_paths(
    intake: Intake, paths: Sequence[Path], *, progress: Progress | None = None, clock: Clock = utc_now
) -> ImportReport:
    """Load the OTLP bodies in files and directories: .pb, .json and .jsonl, also with .gz or .zst.

    In directories, JSON that is no OTLP is passed over. What was imported within a day is not loaded again, and spans
    never twice. A file that cannot be read does not keep the others out.

    Raises:
        StoreUnavailable: The store cannot be written; what was written before stays.
    """
    run = _Import(intake, clock, progress or (lambda _done, _total: None))
    return run.load(paths)


class _Import:
    def __init__(self, intake: Intake, clock: Clock, progress: Progress) -> None:
        self._intake = intake
        self._clock = clock
        self._progress = progress
        self._report = LoadReport(load_seq=0, bodies=0, read_bytes=0, records={}, duplicates=0, rejected={})
        self._unreadable: dict[str, str] = {}
        self._files = 0

    def load(self, paths: Sequence[Path]) -> ImportReport:
        named = {path for path in paths if not path.is_dir()}
        files = list(dict.fromkeys(find_files(paths)))
        sizes = {path: path.stat().st_size if path.exists() else 0 for path in files}
        total = sum(sizes.values())
        self._progress(0, total)
        batch: list[Body] = []
        batch_bytes = done = 0
        for path in files:
            for body, read_bytes in self._read(path, is_named=path in named):
                batch.append(body)
                batch_bytes += len(body.data)
                if batch_bytes >= _BATCH_BYTES or len(batch) >= _BATCH_BODIES:
                    self._write(batch)
                    batch, batch_bytes = [], 0
                    self._progress(min(done + read_bytes, total), total)
            done += sizes[path]
        self._write(batch)
        self._progress(total, total)
        return ImportReport(
            self._files,
            self._report.bodies,
            dict(self._report.records),
            self._report.duplicates,
            dict(self._report.rejected),
            self._unreadable,
        )

    def _read(self, path: Path, *, is_named: bool) -> Iterator[tuple[Body, int]]:
        found = False
        try:
            for body in read_bodies(path, self._clock()):
                found = True
                yield body
        except RejectedData as error:
            _log.warning("%s is not imported: %s", path, error)
            self._unreadable[str(path)] = str(error)
        else:
            if is_named and not found:
                self._unreadable[str(path)] = "it holds no OTLP request"
        self._files += found

    def _write(self, bodies: Sequence[Body]) -> None:
        if bodies:
            self._report += self._intake.load(bodies, batch_id=f"import:{uuid4()}", is_import=True)
