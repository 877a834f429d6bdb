"""Fills a log until the system refuses a larger file; says how many bodies were acknowledged."""

from __future__ import annotations

import asyncio
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from collector.log import Body, LogWriter, StorageFull


async def main() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
    body = Body("traces", "protobuf", "identity", datetime.now(UTC), bytes(32), b"x" * 900)
    writer = LogWriter(Path(sys.argv[1]), commit_delay_s=0)
    kept = 0
    try:
        while True:
            await writer.append(body)
            kept += 1
    except StorageFull as error:
        print("kept", kept, error.retry_after_s)
    writer.close()


asyncio.run(main())
