"""The job that keeps the watch: it steps complete hours, and writes state, alarms and progress in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from analytics.drift.bank import TRAINING_HOURS
from analytics.drift.decisions import Decisions
from analytics.drift.explanation import explain_row
from analytics.drift.hearing import decide_who_hears
from analytics.drift.marks import follow_alarms
from analytics.drift.seasons import WEEK, hour_number, hour_start, week_start
from analytics.drift.watch import SAME_ALARM, AlarmRow, Watch
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from store import Replacement, Store

SETTLING = timedelta(minutes=5)
"""An hour is complete this long after its end."""
STILL = timedelta(minutes=10)
"""Time without a newer hour after which the hours that follow the newest are silent: a back-fill may pause."""
RECALLED_WEEKS = 5
"""Late data changes alarms back to so many weeks; what is older fills history and tells nobody."""
FOUND_KINDS = ("agent_version", "prompt_version", "model", "configuration", "price")
"""Markers that the watch finds itself."""


def drift_job() -> Job:
    """Return the job; it looks at most once a minute, and every ten minutes for hours that passed without data."""
    monitor = Monitor()
    return Job(
        "drift", monitor.run, wakes_on_load=True, every=timedelta(minutes=10), pause=timedelta(minutes=1),
        max_share=0.05,
    )  # fmt: skip


class Monitor:
    """Keeps a watch between two runs of the job, and gives it up when the past changed."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._known: dict[datetime, str] | None = None
        self._decisions: Decisions | None = None
        self._newest: tuple[datetime, datetime] | None = None
        """The newest hour with data, and since when it has been that."""

    def run(self, context: JobContext) -> JobReport:
        """Take in the hours that are complete; again those after the first that changed."""
        store = context.store
        until = hour_number(context.clock() - SETTLING)
        oldest = week_start(until - RECALLED_WEEKS * WEEK)
        figures = read_figures(store, oldest - TRAINING_HOURS, until)
        if self._known is None:
            self._known = dict(store.select("drift/known_hours").iter_rows())
        end = self._find_end(store, figures, oldest - TRAINING_HOURS, until, context.clock())
        until = max(end, oldest + 1)
        decisions = Decisions.read(store)
        begin = self._find_begin(store, figures, decisions, oldest, until)
        if begin is None or (not figures and self._watch is None):
            return NOTHING_TO_DO
        if self._watch is None or begin != self._watch.stepped:
            self._watch = Watch.resume(
                store, begin, context.settings.drift_false_alarms, decisions, context.settings.dimensions
            )
        watch, self._watch = self._watch, None  # given up should anything fail
        known_alarms = _recall_alarms(store, watch, begin)
        watch.advance(until)
        alarms = decide_who_hears(store, watch.alarms, known_alarms, context.clock())
        for row in alarms:
            if not row["is_historic"] and row["explanation"] is None:
                row["explanation"] = explain_row(store, row).say_where()
        changed = self._write(store, watch, alarms, known_alarms, figures, oldest)
        self._watch, self._known, self._decisions = watch, figures, decisions
        return JobReport(changed=changed)

    def _find_end(
        self, store: Store, figures: Mapping[datetime, str], first: int, until: int, now: datetime
    ) -> int:
        """Return the hour to stop before: while history is being filled in, hours of it that lack are no silence.

        None is stepped over that waits to be rolled up for the first time. Once none waits and the newest hour with
        data has stayed that for `STILL`, what follows it is silent.
        """
        newest = max(figures, default=None)
        if newest is None:
            return until
        if self._newest is None or self._newest[0] != newest:
            self._newest = newest, now
        bounds = {"since": hour_start(first), "until": hour_start(until)}
        waiting = store.select("drift/waiting_hours", bounds)["hour_at"]
        missing = [hour_number(at) for at in waiting if at not in figures]
        is_still = not missing and now - self._newest[1] >= STILL
        until = min([until, *missing])
        return until if is_still else min(until, hour_number(newest) + 1)

    def _find_begin(
        self, store: Store, figures: dict[datetime, str], decisions: Decisions, oldest: int, until: int
    ) -> int | None:
        """Return the hour to step from: the next one, or the kept Monday before what changed; None: nothing to do."""
        assert self._known is not None
        kept = [hour_number(at) for at in store.select("drift/state_hours")["hour_at"]]
        if not kept:
            return oldest
        stepped = max(kept)
        changed = [
            hour_number(at)
            for at in figures.keys() | self._known.keys()
            if at >= hour_start(oldest - TRAINING_HOURS) and figures.get(at) != self._known.get(at)
        ]
        changed += decisions.find_changed(self._decisions, stepped)
        late = [hour for hour in changed if hour < stepped]
        if self._watch is not None and not late:
            return None if until <= stepped else stepped
        if not late and until <= stepped and self._watch is None and self._decisions is not None:
            return None
        wanted = week_start(max(min(late, default=stepped - 1), oldest))
        mondays = [hour for hour in kept if hour <= wanted and week_start(hour) == hour]
        return max(mondays, default=oldest)

    @staticmethod
    def _write(
        store: Store, watch: Watch, alarms: list[AlarmRow], known: dict[str, AlarmRow], figures: dict[datetime, str],
        oldest: int,
    ) -> int:  # fmt: skip
        written = [hour_number(frame["hour_at"][0]) for frame in watch.checkpoints if not frame.is_empty()]
        kept = [hour_number(at) for at in store.select("drift/state_hours")["hour_at"]]
        gone = [
            hour
            for hour in kept
            if hour in written or hour < oldest or week_start(hour) != hour or hour >= watch.stepped
        ]
        state = watch.write_state()
        if week_start(watch.stepped) == watch.stepped:
            state = state.clear()
        states = pl.concat([*watch.checkpoints, state])
        changed = {row["alarm_id"] for row in alarms} | set(known)
        markers = pl.concat(watch.markers)
        begun = {"since": hour_start(watch.begun), "until": hour_start(watch.stepped)}
        old_markers = store.select("drift/markers", begun).filter(pl.col("kind").is_in(FOUND_KINDS))
        before = store.select("drift/known_hours")
        store.replace(
            Replacement(
                "drift_states", keys=_keys("hour_at", [hour_start(hour) for hour in gone]), rows=states
            ),
            Replacement(
                "drift_alarms",
                keys=pl.DataFrame({"alarm_id": sorted(changed)}, {"alarm_id": pl.String}),
                rows=pl.DataFrame(alarms, _alarm_schema(), orient="row"),
            ),
            Replacement(
                "markers", keys=old_markers.select("marked_at", "kind", "label").unique(), rows=markers
            ),
            Replacement(
                "drift_hours",
                keys=_keys("hour_at", before["hour_at"].to_list()),
                rows=pl.DataFrame(
                    {"hour_at": list(figures), "figures": list(figures.values())},
                    {"hour_at": pl.Datetime("us"), "figures": pl.String},
                ),
            ),
            *follow_alarms(store, known, alarms),
        )
        watch.checkpoints.clear()
        watch.markers.clear()
        watch.alarms.clear()
        # What a look every ten minutes finds unchanged wakes nobody.
        return len(
            {row["alarm_id"] for row in alarms if row != known.get(row["alarm_id"])}
            | (set(known) - {row["alarm_id"] for row in alarms})
        )


def read_figures(store: Store, first: int, until: int) -> dict[datetime, str]:
    """Return by hour a few sums of what it holds."""
    params = {"since": hour_start(first), "until": hour_start(until)}
    figures = {row[0]: repr(row[1:]) for row in store.select("drift/hours", params).iter_rows()}
    for hour_at, events in store.select("drift/score_hours", params).iter_rows():
        figures[hour_at] = f"{figures.get(hour_at, '')} {events}"
    return figures


def _recall_alarms(store: Store, watch: Watch, begin: int) -> dict[str, AlarmRow]:
    """Return the alarms that the hours from `begin` on may change; the watch goes on with those raised before."""
    rows = store.select("drift/alarms", {"since": hour_start(begin) - SAME_ALARM}).iter_rows(named=True)
    known = {row["alarm_id"]: row for row in rows}
    at = hour_start(begin)
    for alarm_id, row in known.items():
        if row["raised_at"] <= at:
            last = max(
                (raised for of, raised in watch.latest.values() if of == alarm_id),
                default=row["last_raised_at"],
            )
            watch.alarms[alarm_id] = {**row, "last_raised_at": min(last, max(at, row["raised_at"]))}
    return known


def _keys(name: str, times: list[datetime]) -> pl.DataFrame:
    return pl.DataFrame({name: times}, {name: pl.Datetime("us")})


def _alarm_schema() -> dict[str, pl.DataType | type[pl.DataType]]:
    texts = ("alarm_id", "series", "kind", "type", "metric")
    labels = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))
    instants = ("raised_at", "last_raised_at", "changed_at", "earliest_at", "latest_at")
    numbers = ("before_value", "after_value", "after_low", "after_high")
    return {
        **dict.fromkeys(texts, pl.String),
        "labels": labels,
        **dict.fromkeys(("service", "environment", "agent", "tool", "category"), pl.String),
        **dict.fromkeys(instants, pl.Datetime("us")),
        "direction": pl.String,
        **dict.fromkeys(numbers, pl.Float64),
        "events": pl.Int64,
        "evidence": pl.Float64,
        "is_hint": pl.Boolean,
        "is_historic": pl.Boolean,
        "explanation": pl.String,
    }
