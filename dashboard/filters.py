"""What the pages look at: a window of time and filters, both held by the URL.

An interval that is no preset (a click on a bar) is one more option of the same control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from dashboard.address import MAX_VALUES, choose_one, read_values, take_over, write_back
from dashboard.formats import format_window
from dashboard.zone import carry

EVERYTHING: Final = ("*",)
DIMENSIONS: Final = ("agent", "environment", "model", "service")
PURPOSES: Final = ("production", "evaluation", "shadow", "test", "all")
BESIDE: Final = {"": "the time before", "week": "a week before"}
"""What figures are compared with, as the address and as the control say it."""
WEEK: Final = timedelta(days=7)
STEP: Final = timedelta(seconds=30)
HOUR: Final = timedelta(hours=1)
_STAMP: Final = "%Y-%m-%d %H:%M"
_BIN_SIZES: Final = (60, 120, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400, 7 * 86_400)


@dataclass(frozen=True, slots=True)
class Preset:
    """A range relative to now: `bins` bins of `bin_s` seconds, the last one under way."""

    label: str
    bins: int
    bin_s: int
    words: str


PRESETS: Final[Mapping[str, Preset]] = {
    "1h": Preset("1 h", 30, 120, "hour"),
    "6h": Preset("6 h", 24, 900, "6 hours"),
    "24h": Preset("24 h", 24, 3_600, "24 hours"),
    "7d": Preset("7 d", 28, 21_600, "7 days"),
    "30d": Preset("30 d", 30, 86_400, "30 days"),
}
DEFAULT_RANGE: Final = "24h"


@dataclass(frozen=True, slots=True)
class Window:
    """Times from `start` (inclusive) to `until` (exclusive), UTC, in bins of `bin_s` seconds from `start` on.

    Rollups answer for the whole hours before `fresh_from`, narrow tables from there on.
    """

    name: str
    start: datetime
    until: datetime
    bin_s: int
    fresh_from: datetime
    beside: str = ""

    @property
    def bins(self) -> int:
        """Number of bins, the last one maybe cut."""
        return max(1, -int(-(self.until - self.start).total_seconds() // self.bin_s))

    @property
    def words(self) -> str:
        """How far back lies what it is compared with, for `vs … before`."""
        if self._is_beside_week:
            return "a week"
        preset = PRESETS.get(self.name)
        return preset.label if preset else "period"

    def bin_start(self, index: int) -> datetime:
        """Return when bin `index` begins."""
        return self.start + timedelta(seconds=index * self.bin_s)

    @property
    def _is_beside_week(self) -> bool:
        return self.beside == "week" and self._length < WEEK

    @property
    def _length(self) -> timedelta:
        return timedelta(seconds=self.bins * self.bin_s)

    def earlier(self) -> Window:
        """Return the equal window that this one is compared with: the one just before, or a week before.

        Both are at the same times of day. Windows of a week and longer have only the one just before.
        """
        shift = WEEK if self._is_beside_week else self._length
        start, until = self.start - shift, self.until - shift
        fresh_from = start if self.fresh_from == self.start else floor_time(until, HOUR)
        return Window(self.name, start, until, self.bin_s, fresh_from, self.beside)

    def bin_range(self, index: int) -> str:
        """Return the value of `range` that shows bin `index` alone."""
        return write_interval(self.bin_start(index), self.bin_start(index + 1))


@dataclass(frozen=True, slots=True)
class Filters:
    """Values that rows must have; an empty tuple lets all through."""

    agent: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    purpose: str = "production"
    beside: str = ""
    """As in `BESIDE`."""

    def params(self) -> dict[str, list[str]]:
        """Return the parameters that the stored queries of overview and traces take."""
        return {
            "agents": list(self.agent or EVERYTHING),
            "environments": list(self.environment or EVERYTHING),
            "models": list(self.model or EVERYTHING),
            "services": list(self.service or EVERYTHING),
            "purposes": ["*"] if self.purpose == "all" else [self.purpose],
        }

    def where(self) -> dict[str, list[str]]:
        """Return the filters as `analytics.metrics` takes them."""
        where = {name: list(getattr(self, name)) for name in DIMENSIONS if getattr(self, name)}
        return where | {"purpose": ["*"] if self.purpose == "all" else [self.purpose]}

    def named(self) -> list[str]:
        """Return the active filters in words."""
        words = [f"{name} {', '.join(getattr(self, name))}" for name in DIMENSIONS if getattr(self, name)]
        return words + ([f"purpose {self.purpose}"] if self.purpose != "production" else [])

    def only(self, **values: str | None) -> Filters:
        """Return these filters with some dimensions narrowed to one value each; None leaves one as it is."""
        return replace(self, **{name: (value,) for name, value in values.items() if value})  # pyright: ignore[reportArgumentType]

    def query(self) -> dict[str, list[str]]:
        """Return the URL parameters that restore these filters."""
        query = {name: list(getattr(self, name)) for name in DIMENSIONS if getattr(self, name)}
        query |= {"purpose": [self.purpose]} if self.purpose != "production" else {}
        return query | ({"beside": [self.beside]} if self.beside else {})


def floor_time(at: datetime, step: timedelta) -> datetime:
    """Return the last multiple of `step` since the epoch that is not after `at`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return at - (at - epoch) % step


def write_interval(start: datetime, until: datetime) -> str:
    """Return the value of `range` for an interval of whole minutes, UTC, which is also what people see.

    >>> write_interval(datetime(2026, 11, 20, 14, tzinfo=UTC), datetime(2026, 11, 20, 15, tzinfo=UTC))
    '2026-11-20 14:00/15:00'
    """
    end = f"{until:%H:%M}" if until.date() == start.date() else f"{until:{_STAMP}}"
    return f"{start:{_STAMP}}/{end}"


def read_interval(text: str) -> tuple[datetime, datetime] | None:
    """Return the ends of an interval written by `write_interval`; None for anything else."""
    start_text, _, until_text = text.partition("/")
    until_text = until_text if " " in until_text else f"{start_text.partition(' ')[0]} {until_text}"
    try:
        start = datetime.strptime(start_text, _STAMP).replace(tzinfo=UTC)
        until = datetime.strptime(until_text, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return (start, until) if timedelta(0) < until - start <= timedelta(days=400) else None


def open_window(name: str, now: datetime, *, step: timedelta = STEP, beside: str = "") -> Window:
    """Return the window that `range=name` means at `now`; the default range for a name that means nothing."""
    interval = read_interval(name)
    if interval is not None:
        return _interval_window(name, *interval, beside)
    name = name if name in PRESETS else DEFAULT_RANGE
    preset = PRESETS[name]
    until = floor_time(now, step)
    width = timedelta(seconds=preset.bin_s)
    start = floor_time(until, width) - width * (preset.bins - 1)
    if until <= start + width * (preset.bins - 1):
        until += step
    fresh_from = floor_time(until, HOUR) if preset.bin_s >= 3_600 else start
    return Window(name, start, until, preset.bin_s, fresh_from, beside)


def _interval_window(name: str, start: datetime, until: datetime, beside: str) -> Window:
    length_s = (until - start).total_seconds()
    bin_s = next((size for size in _BIN_SIZES if length_s / size <= 60), _BIN_SIZES[-1])
    is_whole = start == floor_time(start, HOUR) and bin_s >= 3_600
    return Window(name, start, until, bin_s, floor_time(until, HOUR) if is_whole else start, beside)


def choose_range() -> str:
    """Draw the range control and return its value."""
    asked = read_values("range")
    options = [*PRESETS, *(value for value in asked[:1] if read_interval(value))]
    return choose_one("Range", options, "range", default=DEFAULT_RANGE, say=_say_range)


def _say_range(value: str) -> str:
    interval = read_interval(value)
    return value if interval is None else format_window(*interval)


def choose_filters(choices: Mapping[str, Sequence[str]]) -> Filters:
    """Draw the filters and return them. A value from the address stays an option even where no data has it."""
    chosen: dict[str, tuple[str, ...]] = {}
    for name in DIMENSIONS:
        take_over(name, list)
        known = list(choices.get(name, ()))
        options = known + [value for value in st.session_state[name] if value not in known]
        picked = st.multiselect(
            name.capitalize(),
            options,
            key=name,
            placeholder=f"All {name}s" if options else "None seen yet",
            max_selections=MAX_VALUES,
        )
        write_back(name, picked)
        chosen[name] = tuple(picked)
    take_over("purpose", lambda values: values[0] if values and values[0] in PURPOSES else PURPOSES[0])
    purpose = st.selectbox(
        "Purpose",
        PURPOSES,
        key="purpose",
        help="What runs are for. Rates and costs are of production runs unless you say otherwise.",
    )
    write_back("purpose", [] if purpose == PURPOSES[0] else [purpose])
    return Filters(**chosen, purpose=purpose, beside=_choose_beside())


def _choose_beside() -> str:
    take_over("beside", lambda values: values[0] if values and values[0] in BESIDE else "")
    beside = st.selectbox(
        "Compared with",
        list(BESIDE),
        key="beside",
        format_func=BESIDE.__getitem__,
        help="Ranges of a week and longer are compared with the time before.",
    )
    write_back("beside", [beside] if beside else [])
    return beside


@dataclass(frozen=True, slots=True)
class Link:
    """An address inside the application: a page's path and its query."""

    path: str
    query: Mapping[str, Sequence[str]]

    @property
    def href(self) -> str:
        """The address as text, for opening it in a new tab."""
        query = carry(self.query)
        return f"/{self.path}" + (f"?{urlencode(query, doseq=True)}" if query else "")


def link_page(path: str, window_name: str, filters: Filters, **more: str) -> Link:
    """Return the link to a page with the same range and filters, and what is its own in `more`."""
    query = {"range": [window_name], **filters.query(), **{key: [value] for key, value in more.items()}}
    return Link(path, {key: values for key, values in query.items() if values != [DEFAULT_RANGE]})


def link_traces(window_name: str, filters: Filters, **more: str) -> Link:
    """Return the link to the runs behind a figure: same range and filters, narrowed by `more`."""
    return link_page("traces", window_name, filters, **more)
