"""The alerting part of a configuration: [[alert]], [[channel]] and [route], read as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

from alerts.channels.registry import Channel, read_channel
from alerts.heartbeat import Heartbeat
from alerts.routing.inhibition import Inhibition
from alerts.routing.limits import RateLimit
from alerts.routing.quiet import Maintenance
from alerts.routing.routes import Route, read_routes
from alerts.routing.times import Recurrence, read_recurrences
from alerts.rules.rule import AlertRule, read_rule
from alerts.rules.starter import STARTERS, merge_starter
from store.configuration.section import Section
from store.errors import ConfigError

_MOST_ALERTS: Final = 10_000


@dataclass(frozen=True)
class AlertingConfig:
    """Rules, channels and the tree of routes; every name in it is defined."""

    rules: tuple[AlertRule, ...]
    channels: Mapping[str, Channel]
    route: Route
    limits: Mapping[str, RateLimit] = field(default_factory=dict[str, RateLimit])
    """Of the channels that have one."""
    inhibitions: tuple[Inhibition, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    heartbeat: Heartbeat | None = None
    mute_times: Mapping[str, Recurrence] = field(default_factory=dict[str, Recurrence])
    notes: tuple[str, ...] = ()
    """What a person should know although it is right: rules that are not used, and why."""

    def find_rule(self, name: str) -> AlertRule | None:
        """Return the rule of that name."""
        return next((rule for rule in self.rules if rule.name == name), None)


def parse_alerting(
    values: Mapping[str, object],
    *,
    made_rules: Sequence[Mapping[str, object]] = (),
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> AlertingConfig:
    """Return the alerting configuration of the tables `alert`, `channel` and `route`; everything else is left alone.

    Args:
        values: The configuration as TOML gives it; the starter alerts are added.
        made_rules: Tables of rules that were made by command or on the page; one of the configuration wins over one of
            the same name, and a broken one is left out with a note.
        environ: Where `SPANLEDGER_CHANNEL_<NAME>_<KEY>` is looked up for secrets; the process's own by default.
        directory: What relative paths of secrets start from.

    Raises:
        ConfigError: A key is unknown or of a wrong type, a channel is not defined, or settings contradict each other.
    """
    environ = os.environ if environ is None else environ
    channels, limits = _read_channels(_take_tables(values, "channel"), environ, directory)
    times = read_recurrences(_take_tables(values, "mute_time"))
    tables = _take_tables(values, "alert")
    used, notes = _choose_made(made_rules, tables)
    rules = _read_rules(tables, used)
    route_table = values.get("route", {})
    if not isinstance(route_table, Mapping):
        raise ConfigError("[route]: route is not a table; start it with [route]")
    route = read_routes(cast("Mapping[str, object]", route_table), tuple(channels), times)
    return AlertingConfig(
        rules,
        channels,
        route,
        limits=limits,
        inhibitions=tuple(
            Inhibition.read(Section(f"[[inhibit]] number {number}", table))
            for number, table in enumerate(_take_tables(values, "inhibit"), 1)
        ),
        maintenance=tuple(
            Maintenance.read(Section(_title("maintenance", table, number), table), times)
            for number, table in enumerate(_take_tables(values, "maintenance"), 1)
        ),
        heartbeat=_read_heartbeat(values, environ, directory),
        mute_times=times,
        notes=tuple(notes),
    )


def _read_channels(
    tables: Sequence[Mapping[str, object]], environ: Mapping[str, str], directory: Path | None
) -> tuple[dict[str, Channel], dict[str, RateLimit]]:
    channels: dict[str, Channel] = {}
    limits: dict[str, RateLimit] = {}
    for number, table in enumerate(tables, 1):
        title = _title("channel", table, number)
        prefix = f"SPANLEDGER_CHANNEL_{_spell_variable(table.get('name'))}_"
        section = Section(title, table, environ=environ, variable_prefix=prefix, directory=directory)
        limit = RateLimit.read(section)
        channel = read_channel(section)
        if limit is not None:
            limits[channel.name] = limit
        if channel.name in channels:
            section.fail("name", "is used by two channels; rename one of them")
        channels[channel.name] = channel
    return channels, limits


def _read_heartbeat(
    values: Mapping[str, object], environ: Mapping[str, str], directory: Path | None
) -> Heartbeat | None:
    table = values.get("heartbeat")
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise ConfigError("[heartbeat]: heartbeat is not a table; start it with [heartbeat]")
    section = Section(
        "[heartbeat]",
        cast("Mapping[str, object]", table),
        environ=environ,
        variable_prefix="SPANLEDGER_CHANNEL_HEARTBEAT_",
        directory=directory,
    )
    return Heartbeat.read(section)


def _choose_made(
    made: Sequence[Mapping[str, object]], tables: Sequence[Mapping[str, object]]
) -> tuple[list[Mapping[str, object]], list[str]]:
    """Return the rules made elsewhere that hold, and why the others do not."""
    own = {name for table in tables if isinstance(name := table.get("name"), str)}
    starters = {starter["name"]: starter for starter in STARTERS}
    used, notes = list[Mapping[str, object]](), list[str]()
    for table in made:
        name = table.get("name")
        if name in own:
            notes.append(f"the alert {name!r} made by command is not used: the configuration file has one")
            continue
        try:
            read_rule(Section(f'[[alert]] "{name}"', merge_starter(starters.get(name, {}), table)))
        except ConfigError as error:
            notes.append(f"the alert {name!r} made by command is not used: {error}")
            continue
        used.append(table)
    return used, notes


def _read_rules(
    tables: Sequence[Mapping[str, object]], made: Sequence[Mapping[str, object]]
) -> tuple[AlertRule, ...]:
    own: dict[object, Mapping[str, object]] = {}
    for number, table in enumerate(tables, 1):
        name = table.get("name")
        if isinstance(name, str) and name in own:
            Section(_title("alert", table, number), table).fail(
                "name", "is used by two alerts; rename one of them"
            )
        own[name if isinstance(name, str) else number] = table
    changed = {**{table["name"]: table for table in made}, **own}
    origins = {**dict.fromkeys((table["name"] for table in made), "command"), **dict.fromkeys(own, "file")}
    starters = {starter["name"]: starter for starter in STARTERS}
    rules = [
        read_rule(
            Section(f'[[alert]] "{name}"', merge_starter(starter, changed.get(name, {}))),
            is_starter=True,
            origin=origins.get(name, "starter"),
        )
        for name, starter in starters.items()
    ]
    rules += [
        read_rule(Section(_title("alert", table, number), table), origin=origins[key])
        for number, (key, table) in enumerate(changed.items(), 1)
        if key not in starters
    ]
    return tuple(rules)


def _take_tables(values: Mapping[str, object], key: str) -> list[dict[str, object]]:
    tables = Section(f"[[{key}]]", values).tables(key)
    if len(tables) > _MOST_ALERTS:
        raise ConfigError(
            f"[[{key}]]: {len(tables)} tables are more than {_MOST_ALERTS}; use group_by instead"
        )
    return tables


def _title(kind: str, table: Mapping[str, object], number: int) -> str:
    name = table.get("name")
    return f'[[{kind}]] "{name[:100]}"' if isinstance(name, str) else f"[[{kind}]] number {number}"


def _spell_variable(name: object) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in str(name)).upper()
