"""The durable log of request bodies: the queue between the front and the loader.

A directory of numbered segments. One `LogWriter` (in the front) appends and makes durable; one `LogReader`
(in the core) reads behind it and drops what is loaded. They share nothing but the files.
"""

from __future__ import annotations

from collector.log.body import Body, body_sha256
from collector.log.reader import Damage, LogReader, ReadBatch
from collector.log.segments import Position
from collector.log.writer import LogClosed, LogStats, LogWriter, StorageFull

__all__ = [
    "Body",
    "Damage",
    "LogClosed",
    "LogReader",
    "LogStats",
    "LogWriter",
    "Position",
    "ReadBatch",
    "StorageFull",
    "body_sha256",
]
