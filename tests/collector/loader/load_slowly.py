"""Loads a log in small transactions until nothing is left; killed by test_crash at any instant."""

from __future__ import annotations

import sys
from pathlib import Path

from collector.loader import Loader
from collector.loading.intake import Intake
from collector.log import LogReader
from store import open_store

store = open_store(Path(sys.argv[1]))
loader = Loader(Intake(store), LogReader(Path(sys.argv[2])), read_bytes=2000)
print("ready", flush=True)
while loader.load_once() is not None:
    pass
print("done", flush=True)
store.close()
