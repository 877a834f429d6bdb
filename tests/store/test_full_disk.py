from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store import Store, StoreSettings, open_store
from store.errors import StoreUnavailable
from tests.store.rows import a_span, append_spans, fetch

_ROOM = 3_000_000
_DEADLINE_S = 20.0


@pytest.mark.parametrize("checkpoint_threshold", ["512MB", "1MB"], ids=["in the log", "in the checkpoint"])
def test_full_disk_is_said_and_nothing_is_lost_or_doubled_after_it(
    tmp_path: Path, checkpoint_threshold: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.test_full_disk", str(tmp_path), checkpoint_threshold],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    batches, rows = map(int, done.stdout.split())
    assert batches > 5
    assert rows == batches * 100


def fill_up(directory: Path, checkpoint_threshold: str) -> None:
    """Append until files may not grow, then let them, repeat what failed, and print how much there is."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = open_store(directory, StoreSettings(checkpoint_threshold=checkpoint_threshold))
    batches = [
        [a_span(number * 1000 + row, events=os.urandom(300).hex()) for row in range(100)]
        for number in range(80)
    ]
    resource.setrlimit(resource.RLIMIT_FSIZE, (_ROOM, resource.RLIM_INFINITY))
    number = 0
    try:
        while True:
            append_spans(store, f"{number}", *batches[number])
            number += 1
    except StoreUnavailable:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _wait_until_usable(store)
    for again in range(number + 1):
        append_spans(store, f"{again}", *batches[again])
    assert store.checkpoint()
    print(number + 1, fetch(store, "SELECT count(*) FROM spans")[0][0])
    store.close()


def _wait_until_usable(store: Store) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        try:
            store.ping()
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    fill_up(Path(sys.argv[1]), sys.argv[2])
