"""The conversation over `control.sock`: one JSON line asks, JSON lines answer, a table follows as Arrow IPC.

Question: `{"operation": …, "arguments": {…}}`. Answer: any number of `{"progress": {…}}`, then one of
`{"result": {…}}`, `{"table": LENGTH}` and so many bytes, or `{"error": {"type": …, "message": …}}`.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import store.errors
from store.errors import SpanledgerError, StoreUnavailable

if TYPE_CHECKING:
    import pyarrow as pa

SOCKET_NAME = "control.sock"
# The kernel takes about this many bytes of path for a socket; longer ones go by descriptor.
_LONGEST_PATH = 100


@contextmanager
def socket_path(data_dir: Path) -> Generator[str]:
    """Yield a path of the control socket that the kernel accepts, however deep the directory lies."""
    path = data_dir / SOCKET_NAME
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    descriptor = os.open(data_dir, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


def is_served(data_dir: Path) -> bool:
    """Say whether a running core answers for the directory."""
    try:
        with closing(_connect(data_dir)):
            return True
    except OSError:
        return False


def ask(
    data_dir: Path,
    operation: str,
    arguments: Mapping[str, Any],
    on_progress: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> Mapping[str, Any] | pa.Table:
    """Have the running core do an operation.

    Raises:
        StoreUnavailable: nothing answers, or the core went away in the middle.
        SpanledgerError: whatever the operation raised.
    """
    try:
        with closing(_connect(data_dir)) as connection, connection.makefile("rwb") as stream:
            write_line(cast(BinaryIO, stream), {"operation": operation, "arguments": dict(arguments)})
            while line := stream.readline():
                answer = json.loads(line)
                if "progress" in answer:
                    on_progress(answer["progress"])
                elif "error" in answer:
                    raise _error(answer["error"])
                elif "table" in answer:
                    import pyarrow as pa

                    with pa.ipc.open_stream(stream.read(answer["table"])) as reader:
                        return reader.read_all()
                else:
                    return answer["result"]
    except OSError as error:
        raise StoreUnavailable(f"the server for {data_dir} does not answer: {error}") from error
    raise StoreUnavailable(
        f"the server for {data_dir} went away during {operation!r}; look at its log, then try again"
    )


def write_line(stream: BinaryIO, message: Mapping[str, Any]) -> None:
    """Send one line and flush it."""
    stream.write(json.dumps(message, default=str).encode() + b"\n")
    stream.flush()


def write_table(stream: BinaryIO, table: pa.Table) -> None:
    """Send a table and flush it."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data = sink.getvalue()
    write_line(stream, {"table": data.size})
    stream.write(data)
    stream.flush()


def _connect(data_dir: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket_path(data_dir) as path:
            connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _error(answer: Mapping[str, str]) -> SpanledgerError:
    kind = getattr(store.errors, answer["type"], SpanledgerError)
    try:
        return kind(answer["message"])
    except TypeError:
        return SpanledgerError(answer["message"])
