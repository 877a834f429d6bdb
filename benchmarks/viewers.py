"""People who look at the dashboard, without a browser: they speak Streamlit's websocket as its pages do."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

_ANSWER_TIMEOUT_S = 120.0
_LARGEST = 64 << 20


@dataclass(frozen=True)
class View:
    """A page with its query."""

    page: str
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Seen:
    """How long the server took for a view, from the question to its last element, and how much it sent."""

    view: View
    ms: float
    sent_bytes: int


async def look(connection: ClientConnection, view: View) -> Seen:
    """Open a view in a session and wait until it is drawn."""
    question = BackMsg()
    question.rerun_script.query_string = urlencode(view.query)
    question.rerun_script.page_name = view.page
    began, received = time.perf_counter(), 0
    await connection.send(question.SerializeToString())
    async with asyncio.timeout(_ANSWER_TIMEOUT_S):
        async for data in connection:
            assert isinstance(data, bytes)
            received += len(data)
            message = ForwardMsg.FromString(data)
            if message.WhichOneof("type") == "script_finished":
                break
    return Seen(view, (time.perf_counter() - began) * 1e3, received)


def open_session(address: str) -> connect:
    """Return a connection to a dashboard at `host:port`, as a tab of a browser opens it."""
    return connect(
        f"ws://{address}/_stcore/stream",
        subprotocols=["streamlit"],  # pyright: ignore[reportArgumentType]
        max_size=_LARGEST,
        origin=f"http://{address}",  # pyright: ignore[reportArgumentType]
    )


def look_alone(address: str, views: Sequence[View]) -> list[Seen]:
    """Open one view after another in one session."""

    async def go() -> list[Seen]:
        async with open_session(address) as connection:
            return [await look(connection, view) for view in views]

    return asyncio.run(go())


@contextmanager
def watch(
    address: str, people: int, pages: Sequence[str], every_s: float, query: View
) -> Generator[list[Seen]]:
    """Have people look at pages, each at another one and with a new filter every so often, while the block runs.

    They live in a process of their own; what they saw is in the list once the block has ended.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_watch, args=(theirs, address, people, list(pages), every_s, query), daemon=True
    )
    process.start()
    seen: list[Seen] = []
    try:
        assert ours.recv() == "watching"
        yield seen
        ours.send("stop")
        seen.extend(ours.recv())
    finally:
        process.join(10)
        process.kill()


def _watch(
    connection: Connection, address: str, people: int, pages: list[str], every_s: float, query: View
) -> None:
    connection.send(asyncio.run(_watch_all(connection, address, people, pages, every_s, query)))


async def _watch_all(
    told: Connection, address: str, people: int, pages: list[str], every_s: float, query: View
) -> list[Seen]:
    seen: list[Seen] = []
    turns = count()
    stop = asyncio.Event()

    def views() -> Iterator[View]:
        for turn in turns:
            yield View(pages[turn % len(pages)], (*query.query, ("agent", f"agent-{turn % 20}")))

    chosen = views()

    async def person(delay_s: float, ready: asyncio.Event) -> None:
        async with open_session(address) as session:
            seen.append(await look(session, next(chosen)))
            ready.set()
            await asyncio.sleep(delay_s)
            while not stop.is_set():
                seen.append(await look(session, next(chosen)))
                await asyncio.sleep(every_s)

    readies = [asyncio.Event() for _ in range(people)]
    tasks = [asyncio.create_task(person(n * every_s / people, ready)) for n, ready in enumerate(readies)]
    await asyncio.gather(*(ready.wait() for ready in readies))
    told.send("watching")
    await asyncio.to_thread(told.recv)
    stop.set()
    await asyncio.gather(*tasks)
    return seen
