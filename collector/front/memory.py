"""Keeping freed memory, because giving it back after every request costs more than parsing it."""

from __future__ import annotations

import ctypes
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
