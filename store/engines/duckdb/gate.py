"""Lets many calls use the database at once, or one that needs it alone."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Condition

from store.errors import StoreUnavailable


class Gate:
    """A lock that many hold together or one alone; who wants it alone goes first."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._users = 0
        self._is_taken = False
        self._is_closed = False

    @contextmanager
    def together(self) -> Generator[None]:
        """Hold the gate beside others.

        Raises:
            StoreUnavailable: The gate was closed.
        """
        with self._condition:
            self._condition.wait_for(lambda: not self._is_taken)
            self._refuse_when_closed()
            self._users += 1
        try:
            yield
        finally:
            with self._condition:
                self._users -= 1
                self._condition.notify_all()

    @contextmanager
    def alone(self, *, closing: bool = False) -> Generator[None]:
        """Hold the gate alone, after all who hold it now have left; `closing` shuts it for good."""
        with self._condition:
            self._condition.wait_for(lambda: not self._is_taken)
            self._refuse_when_closed()
            self._is_taken = True
            self._condition.wait_for(lambda: self._users == 0)
        try:
            yield
        finally:
            with self._condition:
                self._is_taken = False
                self._is_closed = closing
                self._condition.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether the gate was shut for good."""
        return self._is_closed

    def _refuse_when_closed(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("the store is closed; open it again")
