"""Rules that are made, changed and switched off by command or on the page, beside those of the configuration file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.messages.texts import clean_line
from alerts.rules import AlertingConfig
from alerts.rules.rule import AlertRule, read_rule
from alerts.rules.starter import STARTERS, merge_starter
from store import Control
from store.configuration.section import Section
from store.control import alert_rules, auditing
from store.control.alert_rules import AlertRuleRow
from store.errors import ConfigError, NotFound


def check_rule(table: Mapping[str, Any]) -> AlertRule:
    """Return the rule that a table writes; one named as a starter changes that one.

    Raises:
        ConfigError: It is not right.
    """
    name = table.get("name")
    starter = next((starter for starter in STARTERS if starter["name"] == name), None)
    merged = dict(table) if starter is None else merge_starter(starter, table)
    return read_rule(Section(f'[[alert]] "{name}"', merged), is_starter=starter is not None, origin="command")


def add_rule(
    control: Control, config: AlertingConfig, table: Mapping[str, Any], *, author: str, now: datetime
) -> AlertRule:
    """Keep a new rule, and return it.

    Raises:
        ConfigError: It is not right, or there is one of that name.
    """
    rule = check_rule(table)
    known = config.find_rule(rule.name)
    if known is not None and known.origin != "starter":
        raise ConfigError(f"an alert is called {rule.name!r} already; edit it, or choose another name")
    return _keep(control, rule, table, "alert.add", author, now)


def edit_rule(
    control: Control,
    config: AlertingConfig,
    name: str,
    changes: Mapping[str, Any],
    *,
    author: str,
    now: datetime,
) -> AlertRule:
    """Change keys of a rule; a key that becomes None is taken out.

    Raises:
        NotFound: There is no such rule.
        ConfigError: The configuration file has it, or it would not be right.
    """
    _check_changeable(config, name)
    with control.read() as connection:
        rows = {row.name: row for row in alert_rules.list_rules(connection)}
    before = rows[name].definition if name in rows else {"name": name}
    merged = {**before, **changes, "name": name}
    table = {key: value for key, value in merged.items() if value is not None}
    return _keep(control, check_rule(table), table, "alert.edit", author, now)


def remove_rule(control: Control, config: AlertingConfig, name: str, *, author: str, now: datetime) -> None:
    """Forget a rule that was made by command; a starter becomes as it was.

    Raises:
        NotFound: No such rule was made.
        ConfigError: The configuration file has it.
    """
    _check_changeable(config, name)
    with control.begin() as connection:
        alert_rules.delete_rule(connection, name)
        _record(connection, "alert.remove", name, None, author, now)


def _check_changeable(config: AlertingConfig, name: str) -> None:
    rule = config.find_rule(name)
    if rule is None:
        known = ", ".join(rule.name for rule in config.rules)
        raise NotFound(f"no alert is called {clean_line(name)!r}; known are {known}")
    if rule.origin == "file":
        raise ConfigError(f"the alert {name!r} is in the configuration file; change it there")


def _keep(
    control: Control, rule: AlertRule, table: Mapping[str, Any], action: str, author: str, now: datetime
) -> AlertRule:
    author = clean_line(author)
    if not author:
        raise ConfigError("the author is missing; say who you are")
    row = AlertRuleRow(name=rule.name, definition=dict(table), author=author, changed_at=now)
    with control.begin() as connection:
        alert_rules.save_rule(connection, row)
        _record(connection, action, rule.name, table, author, now)
    return rule


def _record(
    connection: Any, action: str, name: str, detail: Mapping[str, Any] | None, author: str, now: datetime
) -> None:
    change = auditing.AuditRow(happened_at=now, actor=author, action=action, subject=name, detail=detail)
    auditing.record_change(connection, change)
