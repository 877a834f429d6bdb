"""Reports by the clock, through the outbox: each once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, cast

import msgspec

from alerts.figures import format_count_of
from alerts.messages.model import Item, Message
from alerts.messages.texts import LONGEST_TEXT, capitalise, clean_line, clean_text
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from analytics.reports import (
    LENGTHS,
    Digest,
    build_digest,
    link_digest,
    say_broken,
    say_change,
    say_figure,
    say_happened,
    summarise,
)
from analytics.reports.settings import ReportSettings
from store.control import alerting
from store.control.alerting import OutboxRow

if TYPE_CHECKING:
    from store import Control

EVERY: Final = timedelta(minutes=1)
LATEST: Final[Mapping[str, timedelta]] = {period: length / 2 for period, length in LENGTHS.items()}
"""A report that was due longer ago, because nothing ran, is not sent any more: the next one is nearer."""
MOST_FACTS: Final = 10


def reports_job(
    control: Control, settings: ReportSettings, dashboard_url: str, wake: Callable[[], None]
) -> Job:
    """Return the job that puts due reports into the outbox; `wake` tells the outbox."""
    done: set[str] = set()

    def send_due(context: JobContext) -> JobReport:
        sent = 0
        for period, at in settings.find_due(context.clock()):
            if context.clock() - at > LATEST[period]:
                continue
            keys = {
                channel: f"report {period} {at:%Y-%m-%dT%H:%M} {channel}" for channel in settings.channels
            }
            if done.issuperset(keys.values()):
                continue
            digest = build_digest(
                context.store,
                cast("Literal['daily', 'weekly']", period),
                at,
                services=settings.services,
                dashboard_url=dashboard_url,
            )
            sent += _enqueue(control, keys, compose_report(digest, context.clock()), context.clock())
            done.update(keys.values())
        if not sent:
            return NOTHING_TO_DO
        wake()
        return JobReport(changed=sent)

    return Job("reports", send_due, every=EVERY)


def compose_report(digest: Digest, now: datetime) -> Message:
    """Return the report as one item: its summary, what moved and failed, and the figures beside it."""
    facts = {
        figure.metric.title: f"{say_figure(figure)} ({say_change(figure)})"
        for figure in digest.figures
        if figure.value is not None
    }
    item = Item(
        fingerprint=f"report-{digest.period}",
        alert=f"{digest.period.capitalize()} report",
        state="firing",
        severity="info",
        labels={},
        summary=capitalise(clean_line(" ".join(summarise(digest)), LONGEST_TEXT)),
        description=clean_text(_describe(digest)),
        value_text=f"{digest.start:%Y-%m-%d %H:%M} to {digest.end:%Y-%m-%d %H:%M} UTC",
        since=digest.start,
        link=link_digest(digest),
        facts=dict(list(facts.items())[:MOST_FACTS]),
    )
    return Message(
        reason="report",
        group_key=f"report {digest.period}",
        group_labels={},
        decided_at=now,
        items=(item,),
        dashboard_url=digest.dashboard_url,
    )


def _describe(digest: Digest) -> str:
    lines = [
        f"{mover.agent or 'unnamed'}: {mover.figure.metric.title.lower()} {say_figure(mover.figure)} "
        f"({say_change(mover.figure)})"
        for mover in digest.movers
    ]
    lines += [
        f"{agent}: {format_count_of(count, 'runs')} failed, cause {cause.replace('_', ' ')}"
        for agent, cause, count in digest.failures[:5]
    ]
    lines += [
        f"Suite {suite}, {it.versions[1]} after {it.versions[0]}: broken {say_broken(it)}"
        for suite, it in digest.suites.items()
    ]
    lines += [capitalise(say_happened(change)) for change in digest.changes[:5]]
    return "\n".join(lines)


def _enqueue(control: Control, keys: dict[str, str], message: Message, now: datetime) -> int:
    rows = [
        OutboxRow(
            idempotency_key=key,
            channel=channel,
            group_key=message.group_key,
            decided_at=now,
            reason=message.reason,
            subject=message.subject,
            payload=msgspec.to_builtins(message),
        )
        for channel, key in keys.items()
    ]
    with control.begin() as connection:
        return sum(alerting.enqueue(connection, row) is not None for row in rows)
