"""The front's memory: an upper bound, and no giving back of what the next request takes again."""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys
from typing import Final

# glibc's numbers, from malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3

_KEEP_BYTES: Final = 32 << 20
_MMAP_BYTES: Final = 8 << 20


def keep_freed_memory() -> bool:
    """Let the allocator keep up to 32 MiB of freed memory; return whether it can.

    A request of 1 MB takes and frees some MB. By default glibc returns each such piece to the kernel and faults
    it in again: 200 page faults a request, half of the front's CPU time.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)) and bool(mallopt(_M_TRIM_THRESHOLD, _KEEP_BYTES))


def limit_memory(max_bytes: int) -> None:
    """Let allocations beyond the bound fail: a hostile body is refused instead of the machine running out.

    Counts private writable memory, on Linux; elsewhere the system ignores it.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, hard))
