"""CPU time and memory of processes and their descendants, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def list_tree(root: int) -> list[int]:
    """Return a process and its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _read_stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def read_cpu_s(pid: int) -> float:
    """Return user and system time of a process; 0 when it is gone."""
    fields = _read_stat(pid)
    return (int(fields[11]) + int(fields[12])) * _TICK_S if fields else 0.0


def read_tree_cpu_s(root: int) -> float:
    """Return user and system time of a process and its living descendants."""
    return sum(read_cpu_s(pid) for pid in list_tree(root))


def read_rss_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def read_pss_bytes(pid: int) -> int:
    """Return the memory of a process with its share of what it shares; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def read_tree_rss_bytes(root: int) -> int:
    """Return the resident memory of a process and its descendants."""
    return sum(read_rss_bytes(pid) for pid in list_tree(root))


def read_machine_cpu_s() -> float:
    """Return the time that all processors were busy since the machine started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) * _TICK_S


def _read_stat(pid: int) -> list[str]:
    """Return the fields after the name, beginning with the state."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
