"""Reads the store for the pages: cached by small frozen keys, with the last good answer kept for when it fails.

A page asks for everything it shows at once, so that what stands side by side was read together, and so that
a store that fails greys the page as a whole instead of half of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from threading import Lock
from typing import Any, Final, Generic, ParamSpec, TypeVar, cast

import polars as pl
import streamlit as st

from dashboard.filters import Window
from dashboard.services import current, hold
from store.errors import SpanledgerError

P = ParamSpec("P")
T = TypeVar("T")

_REMEMBERED: Final = 128


@dataclass(frozen=True)
class Reading(Generic[T]):
    """An answer, and why it is an old one where it is.

    Attributes:
        value: the answer; None when nothing could be read, now or before.
        read_at: when it was read, UTC.
        failure: why the store did not answer just now; None when it did.
    """

    value: T | None
    read_at: datetime
    failure: str | None = None


class _Memory:
    """The last good answers, a bounded number of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, tuple[object, datetime]] = OrderedDict()

    def keep(self, key: Hashable, value: object, at: datetime) -> None:
        with self._lock:
            self._answers[key] = (value, at)
            self._answers.move_to_end(key)
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)

    def find(self, key: Hashable) -> tuple[object, datetime] | None:
        with self._lock:
            return self._answers.get(key)


_MEMORY: Final = _Memory()


def read(key: Hashable, load: Callable[[], T]) -> Reading[T]:
    """Return what `load` answers, or what it answered last for `key` when the store fails."""
    services = current()
    now, key = services.clock(), (services.is_sample, key)
    try:
        value = load()
    except SpanledgerError as error:
        kept = _MEMORY.find(key)
        if kept is None:
            return Reading(None, now, str(error))
        return Reading(cast(T, kept[0]), kept[1], str(error))
    _MEMORY.keep(key, value, now)
    return Reading(value, now)


_CACHES: Final[list[Callable[[], None]]] = []
_AFRESH: Final[ContextVar[bool]] = ContextVar("afresh", default=False)


def cache_answers(**bounds: Any) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a function of small frozen arguments cache what it answers, within the bounds of `st.cache_data`.

    Answers about the sample are kept apart from those about the real data.
    """

    def wrap(load: Callable[P, T]) -> Callable[P, T]:
        def of_store(is_sample: bool, *args: P.args, **kwargs: P.kwargs) -> T:
            return load(*args, **kwargs)

        # Streamlit tells cached functions apart by these.
        of_store.__module__, of_store.__qualname__ = load.__module__, load.__qualname__
        cached = st.cache_data(show_spinner=False, **bounds)(of_store)
        _CACHES.append(cached.clear)

        @wraps(load)
        def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            is_sample = current().is_sample
            if _AFRESH.get():
                cached.clear(is_sample, *args, **kwargs)
            return cached(is_sample, *args, **kwargs)

        return answer

    return wrap


def remembered(
    *, ttl_s: float = 60, entries: int = 64
) -> Callable[[Callable[P, T]], Callable[P, Reading[T]]]:
    """Make a function of small frozen arguments a reader: its answers are cached, the last good one is kept.

    Windows of one name share the last good answer, whenever they were opened.
    """

    def wrap(load: Callable[P, T]) -> Callable[P, Reading[T]]:
        cached = cache_answers(ttl=ttl_s, max_entries=entries)(load)

        def reader(*args: P.args, **kwargs: P.kwargs) -> Reading[T]:
            named = [arg.name if isinstance(arg, Window) else arg for arg in (*args, *kwargs.values())]
            return read((load.__module__, load.__qualname__, *named), lambda: cached(*args, **kwargs))

        reader.__doc__ = load.__doc__
        return reader

    return wrap


def forget_all() -> None:
    """Read everything afresh next time, whoever asks: something was changed."""
    for clear in _CACHES:
        clear()


def read_afresh(question: Callable[[], T]) -> T:
    """Answer one question without what is remembered of it, and leave what is remembered of others."""
    token = _AFRESH.set(True)
    try:
        return question()
    finally:
        _AFRESH.reset(token)


_POOL: Final = ThreadPoolExecutor(32, thread_name_prefix="question")
"""Shared by all pages, so that many viewers at once do not mean hundreds of threads."""


def ask_together(*questions: Callable[[], Any]) -> list[Any]:
    """Return the answers to questions that are asked at the same time; the first failure is raised.

    Most of a short question is waiting for the engine, which bounds how many it works on. Questions themselves
    ask one thing after the other: one that waited in the pool for others could wait for ever.
    """
    services = current()
    asked = [_POOL.submit(hold, services, question) for question in questions]
    return [answer.result() for answer in asked]


def select(query: str, params: Mapping[str, object]) -> pl.DataFrame:
    """Return the rows of a stored query."""
    return current().store.select(query, params)
