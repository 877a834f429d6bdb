"""What keeps an alert from being told, until when, and that it is told afterwards."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matchers import parse_matcher
from alerts.routing.groups import Reason
from alerts.routing.inhibition import Inhibition, find_inhibited
from alerts.routing.limits import RateLimit
from alerts.routing.quiet import Maintenance
from alerts.routing.times import Recurrence, read_recurrences
from alerts.rules import AlertingConfig, parse_alerting
from store.configuration.section import Section
from store.errors import ConfigError
from tests.alerts.building import START, an_instance
from tests.alerts.test_planning import INTERVAL, REPEAT, WAIT, Desk, firing, reasons, resolved, told


def recurrence(**table: Any) -> Recurrence:
    return Recurrence.read(Section("[[mute_time]]", {"name": "nights", **table}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "holds", "does_not"),
    [
        (
            {"times": ["22:00-06:00"]},
            ["2026-03-02T22:00", "2026-03-03T05:59"],
            ["2026-03-02T21:59", "2026-03-03T06:00"],
        ),
        (
            {"times": ["22:00-06:00"], "days": ["fri"]},
            ["2026-03-06T23:00", "2026-03-07T05:00"],
            ["2026-03-06T05:00", "2026-03-07T23:00"],
        ),
        ({"days": ["sat-sun"]}, ["2026-03-07T00:00", "2026-03-08T23:59"], ["2026-03-09T00:00"]),
        ({"days": ["fri-mon"]}, ["2026-03-06T10:00", "2026-03-09T10:00"], ["2026-03-10T10:00"]),
        ({"days_of_month": ["-1"]}, ["2026-02-28T12:00", "2028-02-29T12:00"], ["2028-02-28T12:00"]),
        (
            {"days_of_month": ["24:26"], "months": ["dec"]},
            ["2026-12-25T12:00"],
            ["2026-11-25T12:00", "2026-12-27T00:00"],
        ),
        # Summer time begins on 29 March 2026 in Berlin: 09:00 there is 08:00 and then 07:00 UTC.
        (
            {"times": ["09:00-17:00"], "zone": "Europe/Berlin"},
            ["2026-03-28T08:00", "2026-03-30T07:00"],
            ["2026-03-28T07:59", "2026-03-30T15:00"],
        ),
    ],
)
def test_recurrence_holds_when_people_expect_it(
    table: dict[str, Any], holds: list[str], does_not: list[str]
) -> None:
    found = recurrence(**table)
    assert [found.holds(at(text)) for text in holds] == [True] * len(holds)
    assert [found.holds(at(text)) for text in does_not] == [False] * len(does_not)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "UTC"]),
    st.sampled_from([["22:00-06:00"], ["09:00-12:00", "13:00-17:30"], []]),
    st.sampled_from([["mon-fri"], ["sun"], ["fri-mon"]]),
)
def test_recurrence_ends_at_the_first_instant_it_does_not_hold(
    now: datetime, zone: str, times: list[str], days: list[str]
) -> None:
    found = recurrence(zone=zone, times=times, days=days)
    if not found.holds(now):
        return
    end = found.find_end(now)
    assert end is not None
    assert end > now
    assert not found.holds(end)
    assert found.holds(end - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Europe/Berlin", "2026-03-29"), ("Europe/Berlin", "2026-10-25"), ("America/New_York", "2026-11-01"),
     ("Australia/Lord_Howe", "2026-04-05"), ("Australia/Lord_Howe", "2026-10-04")],
)  # fmt: skip
@pytest.mark.parametrize(
    "times", [["01:30-02:30"], ["02:15-02:45"], ["22:00-02:30"], ["00:00-24:00"], ["02:30-02:00"]]
)
def test_recurrence_follows_the_clock_on_the_days_it_is_changed(
    zone: str, day: str, times: list[str]
) -> None:
    """Minute by minute: it holds when the clock on the wall says so, and ends when it is said to."""
    found = recurrence(zone=zone, times=times)
    start = at(f"{day}T00:00") - timedelta(hours=16)
    minutes = [start + timedelta(minutes=n) for n in range(0, 48 * 60, 5)]
    holds = [found.holds(minute) for minute in minutes]
    for number, minute in enumerate(minutes):
        wall = minute.astimezone(ZoneInfo(zone))
        now = wall.hour * 60 + wall.minute
        first, last = (int(t[:2]) * 60 + int(t[3:]) for t in times[0].split("-"))
        assert holds[number] == (first <= now < last if first < last else now >= first or now < last)
        if holds[number] and False in holds[number:]:
            assert found.find_end(minute) == minutes[holds.index(False, number)]


def test_muted_route_tells_afterwards_what_it_would_have_told() -> None:
    times = read_recurrences([{"name": "nights", "times": ["10:00-11:00"]}])
    desk = Desk()
    desk.route = parse_routes({"mute": ["nights"]}, times)
    desk.put(firing("a"), firing("b"))
    desk.plan()
    [decision] = desk.plan(WAIT)
    assert (decision.reason, decision.detail) == (
        Reason.MUTED,
        "not sent yet: muted by nights until 2026-03-02 11:00 UTC",
    )
    desk.put(resolved("b"))
    assert desk.plan(INTERVAL) == [], "the same reason is recorded once"
    [decision] = desk.plan(timedelta(hours=1))
    assert told(decision) == {"a": "firing", "b": "resolved"}


def test_active_times_mute_everything_else() -> None:
    times = read_recurrences([{"name": "office", "times": ["09:00-17:00"], "days": ["mon-fri"]}])
    desk = Desk()
    desk.route = parse_routes({"active": ["office"]}, times)
    desk.now = at("2026-03-07T10:00")
    desk.put(firing())
    desk.plan()
    assert reasons(desk.plan(WAIT)) == ["muted"]
    assert reasons(desk.plan(timedelta(days=2))) == ["first_notification"]


def parse_routes(table: dict[str, Any], times: dict[str, Recurrence]) -> Any:
    from alerts.routing.routes import read_routes

    return read_routes(table, ("team",), times)


def an_inhibition(source: str, target: str, *equal: str) -> Inhibition:
    return Inhibition((parse_matcher(source),), (parse_matcher(target),), equal)


def test_firing_source_keeps_targets_with_equal_labels_quiet_until_it_ends() -> None:
    rule = an_inhibition('alert="down"', 'severity="critical"', "agent")
    desk = Desk({"group_by": ["alert"]})
    desk.inhibitions = [rule]
    desk.put(an_instance("down", labels={"agent": "x"}, severity="info"), firing("x"), firing("y"))
    desk.plan()
    decisions = {d.group.key.split('"')[1]: d for d in desk.plan(WAIT)}
    assert told(decisions["success rate"]) == {"y": "firing"}
    desk.put(an_instance("down", labels={"agent": "x"}, severity="info"))
    desk.put(resolved("y"))
    desk.plan(INTERVAL)
    down = an_instance("down", labels={"agent": "x"}, severity="info")
    desk.instances[down.fingerprint] = an_instance(
        "down", labels={"agent": "x"}, severity="info", state=resolved().state, resolved_at=START
    )
    told_now = [told(d) for d in desk.plan(INTERVAL) if d.is_sent]
    assert {"x": "firing"} in told_now


def test_inhibited_alert_says_by_which() -> None:
    desk = Desk()
    desk.inhibitions = [an_inhibition('alert="down"', 'alert="success rate"')]
    desk.put(firing("x"), an_instance("down", labels={"service": "shop"}))
    desk.plan()
    details = [d.detail for d in desk.plan(WAIT) if not d.is_sent]
    assert details == ["not sent: inhibited by down (shop), which fires"]


def test_alert_that_is_source_and_target_does_not_inhibit_its_like() -> None:
    rule = an_inhibition('severity="critical"', 'severity=~"critical|warning"')
    a, b, mild = firing("a"), firing("b"), an_instance("mild", severity="warning")
    mild_labels = an_instance("mild", severity="warning")
    object.__setattr__(mild_labels, "labels", {**mild.labels, "severity": "warning"})
    assert set(find_inhibited([rule], [a, b, mild_labels])) == {mild_labels.fingerprint}


def test_maintenance_keeps_quiet_once_or_again_and_again() -> None:
    nights = read_recurrences([{"name": "nights", "times": ["10:00-10:30"]}])
    tables = [
        {"name": "move", "matchers": ['agent="x"'], "from": START, "until": START + timedelta(minutes=30)},
        {"name": "nightly", "matchers": ['agent="x"'], "during": ["nights"]},
    ]
    for table in tables:
        desk = Desk()
        desk.maintenance = [Maintenance.read(Section("[[maintenance]]", table), nights)]
        desk.put(firing("x"))
        desk.plan()
        [decision] = desk.plan(WAIT)
        assert decision.reason is Reason.MAINTENANCE
        assert decision.detail == f"not sent: in the maintenance {table['name']} until 2026-03-02 10:30 UTC"
        assert reasons(desk.plan(timedelta(minutes=30))) == ["first_notification"]


def test_acknowledged_alert_is_not_repeated_but_its_end_is_told() -> None:
    desk = Desk()
    desk.put(firing("x"))
    desk.plan()
    desk.plan(WAIT)
    desk.acknowledged = {firing("x").fingerprint: "ann"}
    [decision] = desk.plan(REPEAT)
    assert (decision.reason, decision.detail) == (Reason.ACKNOWLEDGED, "not repeated: acknowledged by ann")
    desk.put(firing("y"))
    assert reasons(desk.plan(INTERVAL)) == ["new_alerts"]
    desk.put(resolved("x"), resolved("y"))
    assert reasons(desk.plan(INTERVAL)) == ["all_resolved"]


def test_what_goes_beyond_the_rate_limit_comes_in_a_digest() -> None:
    desk = Desk({"group_by": ["..."]})
    desk.limits = {"team": RateLimit(3, timedelta(hours=1))}
    desk.put(*(firing(f"a{i}") for i in range(6)))
    desk.plan()
    decisions = desk.plan(WAIT)
    assert reasons([d for d in decisions if d.is_sent]) == ["first_notification"] * 2 + ["digest"]
    assert sum(len(d.instances) for d in decisions if d.is_sent) == 6
    desk.put(*(firing(f"b{i}") for i in range(4)))
    desk.plan()
    held = desk.plan(WAIT)
    assert reasons(held) == ["rate_limited"] * 4
    assert "a digest comes at 2026-03-02 11:00 UTC" in held[0].detail
    assert desk.plan(INTERVAL) == []
    later = [d for d in desk.plan(timedelta(hours=1)) if d.is_sent]
    assert {name for d in later for name in told(d)} >= {f"b{i}" for i in range(4)}


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(1, 4))
def test_rate_limit_is_never_passed_and_nobody_is_forgotten(bursts: list[int], count: int) -> None:
    desk = Desk({"group_by": ["..."], "group_interval": "1m", "repeat_interval": "30d"})
    limit = RateLimit(count, timedelta(minutes=10))
    desk.limits = {"team": limit}
    heard: set[str] = set()
    sent: list[datetime] = []
    for burst in bursts:
        desk.put(*(firing(f"{desk.now.isoformat()} {i}") for i in range(burst)))
        for _ in range(2):
            for decision in desk.plan(timedelta(seconds=90)):
                if decision.is_sent:
                    heard |= told(decision).keys()
                    sent.append(desk.now)
    for _ in range(4):
        for decision in desk.plan(timedelta(minutes=10)):
            if decision.is_sent:
                heard |= told(decision).keys()
                sent.append(desk.now)
    assert heard == {i.labels["agent"] for i in desk.instances.values()}
    assert all(sum(s - limit.period < other <= s for other in sent) <= count for s in sent)


def test_all_of_routing_is_read_and_described() -> None:
    config = parse(
        """
        [[mute_time]]
        name = "nights"
        times = ["22:00-06:00"]
        zone = "Europe/Berlin"
        [[inhibit]]
        source = ['severity="critical"']
        target = ['severity="warning"']
        equal = ["agent"]
        [[maintenance]]
        name = "move"
        matchers = ['service="shop"']
        from = 2026-03-02T22:00:00+01:00
        until = 2026-03-03T02:00:00+01:00
        [[channel]]
        name = "team"
        type = "webhook"
        url = "https://a.example/b"
        rate_limit = "20/1h"
        [route]
        mute = ["nights"]
        """
    )
    assert config.limits["team"] == RateLimit(20, timedelta(hours=1))
    assert config.route.mute[0].name == "nights"
    assert config.maintenance[0].ends_at == at("2026-03-03T01:00")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[route]\nmute = ["nights"]', "names 'nights', which is not defined; add a [[mute_time]]"),
        ('[[mute_time]]\nname = "a"\nzone = "Mars/Olympus"', "is not a time zone"),
        ('[[mute_time]]\nname = "a"\ntimes = ["22-6"]', 'write "22:00-06:00"'),
        ('[[mute_time]]\nname = "a"\ndays = ["someday"]', "use mon, tue"),
        ('[[inhibit]]\nsource = ["a=1"]', "target is missing or empty"),
        ('[[maintenance]]\nname = "a"\nmatchers = []', "match everything"),
        ('[[maintenance]]\nname = "a"\nmatchers = ["a=1"]', "name a [[mute_time]] in during"),
        ('[[channel]]\nname="a"\ntype="webhook"\nurl="https://a.b"\nrate_limit = "many"', 'write "20/1h"'),
    ],
)
def test_mistake_in_routing_is_named_with_its_remedy(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert said in str(caught.value)


def parse(text: str) -> AlertingConfig:
    return parse_alerting(tomllib.loads(text), environ={})
