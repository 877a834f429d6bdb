"""Copies database files to another directory."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from store.errors import StoreUnavailable


def copy_files(paths: Iterable[Path], directory: Path) -> None:
    """Copy the files that exist into a directory, durably; a file of the same name is only replaced by a whole copy.

    Raises:
        StoreUnavailable: The directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path in paths:
            target = directory / path.name
            if not path.exists():
                target.unlink(missing_ok=True)
                continue
            partial = target.with_name(target.name + ".partial")
            shutil.copyfile(path, partial)
            with partial.open("rb") as written:
                os.fsync(written.fileno())
            partial.replace(target)
    except OSError as error:
        raise StoreUnavailable(
            f"the backup into {directory} failed: {error}; choose another directory"
        ) from error
