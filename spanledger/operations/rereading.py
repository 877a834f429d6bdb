"""Operations that read stored spans and log records again: try a mapping, renormalise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from analytics.counting import with_all_columns
from analytics.facts.preview import Totals, count_totals, read_totals
from analytics.facts.told import fill_told
from analytics.pricing import current_price_book
from analytics.touching import touched_rows
from collector.mapping.compilation import registry_with
from collector.mapping.mapping import Mapping as OwnMapping
from collector.mapping.parsing import parse_mappings
from collector.rereading.renormalisation import Renormalisation, Step
from collector.rereading.selection import Selection
from spanledger import __version__
from spanledger.config import read_mappings
from spanledger.services import Services
from store.clock import utc_now
from store.errors import ConfigError
from store.port import Replacement

Progress = Callable[[Mapping[str, Any]], None]

MAX_PREVIEWED_SPANS: Final = 200_000
"""A trace with more spans is swapped like any other, but what it comes to is not told before."""
MAX_TRIED_SPANS: Final = 10_000


def renormalise_spans(
    services: Services, arguments: Mapping[str, Any], progress: Progress
) -> Mapping[str, Any]:
    """Read stored spans and log records again by the mappings as the configuration file says now.

    A dry run only tells the difference. What is new is read by the same rules from then on.
    """
    mappings = read_mappings(services.config.data_dir, services.config.file)
    selection = _read_selection(arguments)
    registry = registry_with(mappings)
    is_dry = bool(arguments.get("dry_run"))
    services.scheduler.run_pending()
    if not is_dry:
        services.intake.adopt(registry)
    reading = Renormalisation(services.intake, selection, registry)
    mark = _mark(mappings, selection)
    floor = 0 if is_dry else _read_mark(services, mark)
    run = _Run(services, reading, total=reading.count_spans(floor), resumed_from=floor)
    for step in reading.steps(floor):
        run.preview(step)
        if not is_dry:
            reading.swap(step, run.touch(step), _move_mark(mark, step.last_load))
        run.advance(step, progress)
    if not is_dry:
        services.store.replace(_move_mark(mark, None))
        progress({"step": "jobs"})
        services.scheduler.run_pending()
    return run.report()


def try_mapping(services: Services, arguments: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """Read the newest selected spans as some mappings would have them; nothing is written.

    Raises:
        ConfigError: a mapping is wrong, or there is none.
    """
    mappings = parse_mappings(arguments.get("mappings"))
    if not mappings:
        raise ConfigError("the file has no [[mapping]] table; write one, docs/mapping.md shows how")
    reading = Renormalisation(services.intake, _read_selection(arguments), registry_with(mappings))
    floor, spans = reading.newest(MAX_TRIED_SPANS)
    run = _Run(services, reading, total=spans, resumed_from=0)
    for step in reading.steps(floor):
        run.preview(step)
        run.advance(step, progress)
    return {**run.report(), "mappings": [mapping.name for mapping in mappings]}


@dataclass
class _Run:
    """What a reading came to so far."""

    services: Services
    reading: Renormalisation
    total: int
    resumed_from: int
    spans: int = 0
    changed: int = 0
    changed_records: int = 0
    unpreviewed: int = 0
    before: Totals = field(default_factory=Totals)
    after: Totals = field(default_factory=Totals)
    seen: set[int] = field(default_factory=set[int])

    def preview(self, step: Step) -> None:
        """Add what the traces that the step changes come to before and after, each trace once."""
        if step.traces.is_empty():
            return
        store = self.services.store
        traces = _begin(self.services, step)
        hashes = traces["trace_id"].hash().to_list()
        traces = traces.filter(pl.Series([one not in self.seen for one in hashes], dtype=pl.Boolean))
        self.seen.update(hashes)
        large = traces.filter(pl.col("spans") > MAX_PREVIEWED_SPANS)
        self.unpreviewed += large.height
        traces = traces.join(large, on="trace_id", how="anti")
        if traces.is_empty():
            return
        since = int(traces["since_load"].min() or 0)  # type: ignore[arg-type]
        last = int(traces["last_load"].max() or 0)  # type: ignore[arg-type]
        spans = with_all_columns(self.reading.read_traces(traces, last))
        records = self.reading.read_records_of(traces.select("trace_id"))
        told = records.rename({"input_messages": "input", "output_messages": "output"})
        self.before += read_totals(store, traces, since)
        self.after += count_totals(fill_told(spans, told), current_price_book(store))

    def touch(self, step: Step) -> dict[str, pl.DataFrame]:
        """Return what makes the facts of the changed traces be derived again."""
        if step.traces.is_empty():
            return {}
        return touched_rows(_begin(self.services, step), reason="mapping")

    def advance(self, step: Step, progress: Progress) -> None:
        """Say how far it is."""
        self.spans += step.spans
        self.changed += step.changed.height
        self.changed_records += step.changed_records.height
        progress({"done_spans": self.spans, "total_spans": self.total})

    def report(self) -> dict[str, Any]:
        """Return all of it, as JSON can carry it."""
        return {
            "spans": self.spans,
            "changed_spans": self.changed,
            "changed_records": self.changed_records,
            "changed_traces": len(self.seen),
            "large_traces": self.unpreviewed,
            "resumed": self.resumed_from > 0,
            "fields": list(self.reading.differences.describe()),
            "before": _plain(self.before),
            "after": _plain(self.after),
        }


def _begin(services: Services, step: Step) -> pl.DataFrame:
    """Return trace_id, since_load, last_load and spans of the traces that a step changes."""
    return services.store.select("rereading/trace_loads", frames={"asked": step.traces})


def _plain(totals: Totals) -> dict[str, Any]:
    return {**asdict(totals), "cost_usd": format(totals.cost_usd, "f")}


def _read_selection(arguments: Mapping[str, Any]) -> Selection:
    return Selection(
        since=_read_instant(arguments.get("since")),
        until=_read_instant(arguments.get("until")),
        dialect=arguments.get("dialect"),
        service=arguments.get("service"),
    )


def _read_instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f'{text!r} is no time; write "2026-11-20" or "2026-11-20T12:00:00Z"') from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _mark(mappings: Sequence[OwnMapping], selection: Selection) -> str:
    """Name of the progress of one reading: other rules or another selection begin anew."""
    rules = repr((__version__, mappings, selection))
    return f"renormalise:{hashlib.sha256(rules.encode()).hexdigest()[:16]}"


def _read_mark(services: Services, mark: str) -> int:
    return int(services.store.select("rereading/mark", {"job": mark})["load_seq"][0])


def _move_mark(mark: str, load_seq: int | None) -> Replacement:
    rows = pl.DataFrame({"job": [mark], "load_seq": [load_seq or 0], "updated_at": [utc_now()]})
    return Replacement(
        "watermarks",
        keys=pl.DataFrame({"job": [mark]}),
        rows=rows if load_seq is not None else rows.clear(),
    )
