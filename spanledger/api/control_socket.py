"""Serves the operations on `control.sock`, which only the owner of the data directory can open."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import structlog

from spanledger.api.wire import SOCKET_NAME, socket_path, write_line, write_table
from spanledger.operations.performing import perform_operation
from spanledger.services import Services
from store.errors import SpanledgerError

_log = structlog.stdlib.get_logger(__name__)
_LONGEST_QUESTION = 16 * 1024 * 1024


class ControlSocket:
    """A thread that answers; one more thread for each connection, so that a long import blocks nobody."""

    def __init__(self, services: Services) -> None:
        self._data_dir = services.config.data_dir
        (self._data_dir / SOCKET_NAME).unlink(missing_ok=True)
        with socket_path(self._data_dir) as path:
            mask = os.umask(0o177)
            try:
                self._server = _Server(path, _Handler)
            finally:
                os.umask(mask)
        self._server.services = services
        self._thread = threading.Thread(target=self._server.serve_forever, name="control-socket", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering and take the socket away."""
        self._server.shutdown()
        self._server.server_close()
        Path(self._data_dir / SOCKET_NAME).unlink(missing_ok=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    services: Services


class _Handler(socketserver.StreamRequestHandler):
    wbufsize = -1

    def handle(self) -> None:
        line = self.rfile.readline(_LONGEST_QUESTION)
        if not line:
            return
        stream = cast(BinaryIO, self.wfile)
        try:
            self._answer(json.loads(line), stream)
        except SpanledgerError as error:
            write_line(stream, {"error": {"type": type(error).__name__, "message": str(error)}})
        except BrokenPipeError:
            _log.info("the asking command went away")
        except Exception as error:  # noqa: BLE001 - the asking command gets it, the log has it whole
            _log.exception("an operation failed")
            write_line(
                stream, {"error": {"type": "SpanledgerError", "message": f"{type(error).__name__}: {error}"}}
            )

    def _answer(self, question: Mapping[str, Any], stream: BinaryIO) -> None:
        services = cast(_Server, self.server).services
        result = perform_operation(
            services,
            question["operation"],
            question["arguments"],
            lambda step: write_line(stream, {"progress": step}),
        )
        if isinstance(result, pa.Table):
            write_table(stream, result)
        else:
            write_line(stream, {"result": result})
