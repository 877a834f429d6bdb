"""One writer per log: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from store.errors import ConfigError


def lock_directory(directory: Path) -> int:
    """Return a file descriptor that holds the directory's lock until it is closed.

    Raises:
        ConfigError: another process holds it.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigError(
            f"{directory} is written by another process; stop it, or pass another --data"
        ) from error
    return descriptor
