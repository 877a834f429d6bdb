"""Scheduled reports go through the outbox, each once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.messages.mail_html import render_html
from alerts.messages.plain import render_plain
from alerts.messages.slack_blocks import render_slack
from alerts.reports import compose_report, reports_job
from analytics.jobs import JobContext
from analytics.reports import ReportSettings, build_digest
from spanledger.config import load_config
from store import open_control, open_store
from store.control import alerting
from store.errors import ConfigError
from tests.analytics.building import NOON, StillClock, a_run, to_frame, touched_hours

SETTINGS = ReportSettings(channels=("team", "mail"), daily="11:30", weekly="mon 11:00")


def test_each_report_is_sent_once_to_each_channel_even_after_a_restart(tmp_path: Path) -> None:
    clock, woken = StillClock(), []
    store, control = open_store(tmp_path), open_control(tmp_path)
    runs = [
        a_run(f"a-{n}", agent="<!channel> *x*", started_at=NOON - timedelta(hours=n)) for n in range(1, 5)
    ]
    touched = touched_hours("run", *runs)
    store.replace(
        appends={"runs": to_frame("runs", runs), "touched_hours": to_frame("touched_hours", touched)}
    )

    def pass_time(**by: float) -> int:
        clock.forward(**by)
        job = reports_job(control, SETTINGS, "http://127.0.0.1:8501", lambda: woken.append(1))
        context = JobContext(store, clock)
        return job.run(context).changed + job.run(context).changed

    assert pass_time() == 4, "it is a Monday"
    assert pass_time(minutes=5) == 0, "the outbox knows them"
    assert pass_time(days=1) == 2
    assert pass_time(days=2, hours=13) == 0, "nothing ran when they were due"
    assert pass_time(days=4) == 2, "the weekly one is told a day late, the daily one not at all"
    assert pass_time(days=4) == 0, "the next one is nearer"
    assert len(woken) == 3
    with control.read() as connection:
        rows = alerting.list_notifications(connection)
    assert {row.subject for row in rows} == {"[REPORT] Daily report", "[REPORT] Weekly report"}
    store.close()
    control.close()


def test_report_says_figures_in_every_channel(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    runs = [a_run("a-1", started_at=NOON - timedelta(minutes=5))]
    touched = touched_hours("run", *runs)
    store.replace(
        appends={"runs": to_frame("runs", runs), "touched_hours": to_frame("touched_hours", touched)}
    )
    message = compose_report(build_digest(store, "daily", NOON), NOON)
    store.close()
    text = render_plain(message)
    assert "Runs 1 (" in text
    assert "success rate: 100 %" in text
    assert "[REPORT] Daily report" in text
    assert "period: 2026" in text
    _, blocks = render_slack(message)
    for said in (text, render_html(message), json.dumps(blocks)):
        assert "Daily report" in said
        for word in ("FIRING", "firing", "Seen", "seen:", "Since", "since:", "Info ·", "info ·"):
            assert word not in said, "nothing fires"


def test_reports_come_by_the_clock_of_their_zone_also_when_it_is_changed() -> None:
    settings = ReportSettings(daily="02:30", weekly="sun 08:00", zone="Europe/Berlin")

    def due(*now: int) -> dict[str, str]:
        found = settings.find_due(datetime(2026, *now, tzinfo=UTC))
        return {period: f"{at:%d %H:%M}" for period, at in found}

    assert due(3, 28, 12) == {"daily": "28 01:30", "weekly": "22 07:00"}
    assert due(3, 29, 5, 59) == {"daily": "29 01:30", "weekly": "22 07:00"}, (
        "02:30 is not on that clock: an hour late"
    )
    assert due(3, 29, 6) == {"daily": "29 01:30", "weekly": "29 06:00"}
    assert due(10, 25, 0, 30) == {"daily": "25 00:30", "weekly": "18 06:00"}
    assert due(10, 25, 1, 45)["daily"] == "25 00:30", "02:30 is there twice, and told once"
    assert due(10, 25, 7)["weekly"] == "25 07:00"


@pytest.mark.parametrize(
    "wrong", ['zone = "Middle/Earth"', 'daily = "8"', 'weekly = "someday 08:00"', 'channels = ["nobody"]']
)
def test_wrong_schedule_is_refused(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "spanledger.toml").write_text(f"[reports]\n{wrong}\n")
    with pytest.raises(ConfigError, match="reports"):
        load_config(tmp_path, environ={})


def test_due_time_is_the_last_one() -> None:
    now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    assert dict(SETTINGS.find_due(now)) == {
        "daily": datetime(2026, 11, 20, 11, 30, tzinfo=UTC),
        "weekly": datetime(2026, 11, 16, 11, 0, tzinfo=UTC),
    }
