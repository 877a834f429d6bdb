"""How much the front takes on at the same time: requests, and the bytes they hold."""

from __future__ import annotations

from types import TracebackType

from store.errors import Overloaded


class Admission:
    """Counts what is in flight and refuses what would go over a bound. Belongs to one event loop."""

    def __init__(self, *, max_bytes: int, max_requests: int) -> None:
        self._max_bytes = max_bytes
        self._max_requests = max_requests
        self.bytes_in_flight = 0
        self.requests_in_flight = 0

    def enter(self) -> Slot:
        """Return the slot of one more request, to be used as a context.

        Raises:
            Overloaded: too many requests are in flight.
        """
        if self.requests_in_flight >= self._max_requests:
            raise Overloaded(
                f"{self.requests_in_flight} requests are being answered, the bound is {self._max_requests};"
                " send again later, or raise collector.max_requests_in_flight"
            )
        return Slot(self)

    def take_bytes(self, count: int) -> None:
        """Count bytes that a request holds from now on.

        Raises:
            Overloaded: they are too many beside what is in flight.
        """
        if self.bytes_in_flight + count > self._max_bytes:
            raise Overloaded(
                f"requests in flight hold {self.bytes_in_flight} bytes, the bound is {self._max_bytes};"
                " send again later, or raise collector.max_bytes_in_flight"
            )
        self.bytes_in_flight += count


class Slot:
    """One request's share; everything it took is given back when it ends."""

    __slots__ = ("_admission", "_bytes")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._bytes = 0

    def take_bytes(self, count: int) -> None:
        """Count bytes that the request holds; raises Overloaded when they are too many."""
        self._admission.take_bytes(count)
        self._bytes += count

    def __enter__(self) -> Slot:
        self._admission.requests_in_flight += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._admission.requests_in_flight -= 1
        self._admission.bytes_in_flight -= self._bytes
