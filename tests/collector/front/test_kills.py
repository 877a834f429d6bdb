"""kill -9 at random instants, several exporters sending: nothing acknowledged is lost or changed."""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from pathlib import Path

import grpc

from collector.log import LogReader

from .conftest import PROTOBUF, FrontProcess, a_request, start_front

_KILLS = 12
_SENDERS = 4


class Sender(threading.Thread):
    """Sends bodies of its own until the front is gone; knows which ones were acknowledged."""

    def __init__(self, front: FrontProcess, number: int) -> None:
        super().__init__()
        self._front = front
        self._number = number
        self.acknowledged: list[bytes] = []

    def run(self) -> None:
        try:
            if self._number % 2:
                self._send_over_http()
            else:
                self._send_over_grpc()
        except (OSError, http.client.HTTPException, grpc.RpcError):
            return

    def _send_over_http(self) -> None:
        connection = http.client.HTTPConnection(self._front.http, timeout=5)
        try:
            while True:
                body = self._next_body()
                connection.request("POST", "/v1/traces", body, PROTOBUF)
                response = connection.getresponse()
                response.read()
                assert response.status == 200
                self.acknowledged.append(body)
        finally:
            connection.close()

    def _send_over_grpc(self) -> None:
        with grpc.insecure_channel(self._front.grpc) as channel:
            export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
            while True:
                body = self._next_body()
                export(body, timeout=5)
                self.acknowledged.append(body)

    def _next_body(self) -> bytes:
        return a_request(os.urandom(8).hex(), count=random.choice((1, 10, 500)))


def test_every_acknowledged_body_is_in_the_log_as_it_was_sent(tmp_path: Path) -> None:
    acknowledged: list[bytes] = []
    for _ in range(_KILLS):
        with start_front(tmp_path / "log") as front:
            senders = [Sender(front, number) for number in range(_SENDERS)]
            for sender in senders:
                sender.start()
            time.sleep(random.uniform(0.01, 0.25))
            front.kill()
            for sender in senders:
                sender.join()
                acknowledged += sender.acknowledged
    reader = LogReader(tmp_path / "log")
    logged = [body.data for body in reader.read(1 << 30, 1 << 20).bodies]
    assert len(acknowledged) > _KILLS
    assert set(acknowledged) <= set(logged)
    assert len(logged) == len(set(logged))
