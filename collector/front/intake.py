"""What both transports do with a body: check it, make it durable."""

from __future__ import annotations

import asyncio
from typing import Final

from collector.compression import TooLarge
from collector.front.admission import Admission
from collector.front.verdict import check_body
from collector.log import Body, LogWriter, body_sha256
from store.clock import Clock, utc_now

# Decompressing and parsing this much takes a few ms; above it the event loop would be held too long.
_INLINE_BYTES: Final = 8 << 20
_INLINE_COMPRESSED_BYTES: Final = 1 << 20


class Intake:
    """Takes bodies from the transports and hands them to the log."""

    def __init__(
        self,
        log: LogWriter,
        admission: Admission,
        *,
        max_decompressed_bytes: int,
        clock: Clock = utc_now,
    ) -> None:
        self.admission = admission
        self._log = log
        self._max_bytes = max_decompressed_bytes
        self._clock = clock
        # One large body at a time: parsed, it can take many times its size.
        self._large_bodies = asyncio.Semaphore(1)

    async def take(self, signal: str, encoding: str, compression: str, data: bytes) -> None:
        """Return when the body is on disk; an empty protobuf request needs no disk.

        Raises:
            RejectedData, TooLarge: the body is unusable; nothing was kept.
            Overloaded, StorageFull: the log cannot take it now.
        """
        received_at = self._clock()
        await self._check(signal, encoding, compression, data)
        if not data:
            return
        sha256 = body_sha256(signal, encoding, compression, data)
        await self._log.append(
            Body(
                signal=signal,
                encoding=encoding,
                compression=compression,
                received_at=received_at,
                sha256=sha256,
                data=data,
            )
        )

    async def _check(self, signal: str, encoding: str, compression: str, data: bytes) -> None:
        inline_bytes = min(_INLINE_BYTES, self._max_bytes)
        if len(data) <= (inline_bytes if compression == "identity" else _INLINE_COMPRESSED_BYTES):
            try:
                check_body(signal, encoding, compression, data, max_bytes=inline_bytes)
            except TooLarge:
                if inline_bytes == self._max_bytes:
                    raise
            else:
                return
        async with self._large_bodies:
            await asyncio.to_thread(
                check_body, signal, encoding, compression, data, max_bytes=self._max_bytes
            )
