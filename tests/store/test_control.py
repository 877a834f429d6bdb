from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection

from store import Control, Store, open_control
from store.control import mirror_control
from store.control.alert_rules import AlertRuleRow, list_rules, save_rule
from store.control.alerting import OutboxRow, enqueue, settle_delivered
from store.control.auditing import AuditRow, list_changes, record_change
from store.control.tables import budgets, control_versions
from store.errors import ConfigError, SchemaMismatch, StoreUnavailable
from tests.store.rows import NOW, fetch


def test_block_that_raises_leaves_nothing_behind(control: Control) -> None:
    with pytest.raises(KeyError), control.begin() as connection:
        record_change(connection, AuditRow(happened_at=NOW, actor="ann", action="silence"))
        raise KeyError
    with control.read() as connection:
        assert list_changes(connection) == []


def test_changes_survive_opening_again(tmp_path: Path) -> None:
    first = open_control(tmp_path)
    with first.begin() as connection:
        record_change(
            connection, AuditRow(happened_at=NOW, actor="ann", action="silence", detail={"for": "1h"})
        )
    first.close()
    second = open_control(tmp_path)
    with second.read() as connection:
        (change,) = list_changes(connection)
    second.close()
    assert (change.happened_at, change.actor, change.detail) == (NOW, "ann", {"for": "1h"})


def test_newer_control_state_is_refused(tmp_path: Path) -> None:
    control = open_control(tmp_path)
    with control.begin() as connection:
        connection.execute(control_versions.insert().values(version=900, applied_at=NOW))
    control.close()
    with pytest.raises(SchemaMismatch, match=r"schema 900, this version reads up to \d+; upgrade"):
        open_control(tmp_path)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "control.db").write_bytes(b"x" * 5000)
    with pytest.raises(StoreUnavailable, match=r"cannot be used: file is not a database"):
        open_control(tmp_path)


def test_wrong_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigError) as caught:
        open_control("postgresql://user:secret@host:port/x")
    assert "secret" not in str(caught.value)


def test_only_the_owner_reads_the_file(control: Control, tmp_path: Path) -> None:
    assert (tmp_path / "control.db").stat().st_mode & 0o077 == 0


def test_writers_wait_for_each_other(control: Control) -> None:
    def count_up() -> None:
        for _ in range(20):
            with control.begin() as connection:
                known = list_rules(connection)
                so_far = known[0].definition["n"] if known else 0
                save_rule(
                    connection,
                    AlertRuleRow(name="s", definition={"n": so_far + 1}, author="test", changed_at=NOW),
                )

    threads = [Thread(target=count_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with control.read() as connection:
        assert [rule.definition for rule in list_rules(connection)] == [{"n": 60}]


def test_backup_is_a_database_of_its_own(control: Control, tmp_path: Path) -> None:
    with control.begin() as connection:
        record_change(connection, AuditRow(happened_at=NOW, actor="ann", action="silence"))
    control.backup(tmp_path / "copy")
    control.backup(tmp_path / "copy")
    copy = sqlite3.connect(tmp_path / "copy" / "control.db")
    assert copy.execute("SELECT actor FROM audit").fetchall() == [("ann",)]
    copy.close()


def test_mirror_shows_the_control_state_and_follows_it(control: Control, store: Store) -> None:
    with control.begin() as connection:
        record_change(
            connection, AuditRow(happened_at=NOW, actor="ann", action="silence", detail={"for": "1h"})
        )
        connection.execute(
            budgets.insert().values(
                fingerprint="f", budget="team", labels={"user_id": "ann"}, unit="usd", period="24h",
                limit_value=Decimal("12.5"),
            )
        )  # fmt: skip
    assert mirror_control(control, store) == 2
    assert fetch(store, "SELECT happened_at, actor, detail FROM audit") == [
        (NOW.replace(tzinfo=None), "ann", '{"for": "1h"}')
    ]
    assert fetch(store, "SELECT budget, attr(labels, 'user_id'), limit_value FROM budgets") == [
        ("team", "ann", Decimal("12.5"))
    ]
    assert mirror_control(control, store) == 0
    with control.begin() as connection:
        connection.execute(budgets.delete())
        record_change(connection, AuditRow(happened_at=NOW, actor="bob", action="silence"))
    assert mirror_control(control, store) == 2
    assert fetch(store, "SELECT * FROM budgets") == []
    assert fetch(store, "SELECT actor FROM audit ORDER BY audit_id") == [("ann",), ("bob",)]


def test_mirror_follows_notifications_until_they_are_settled(control: Control, store: Store) -> None:
    def enqueue_one(connection: Connection, key: str) -> int:
        row = OutboxRow(idempotency_key=key, channel="team", group_key="g", decided_at=NOW, reason="first")
        return enqueue(connection, row) or 0

    with control.begin() as connection:
        first, second = enqueue_one(connection, "a"), enqueue_one(connection, "b")
        settle_delivered(connection, second, NOW)
    assert mirror_control(control, store) == 1
    with control.begin() as connection:
        settle_delivered(connection, first, NOW)
        enqueue_one(connection, "c")
    assert mirror_control(control, store) == 1
    assert fetch(store, "SELECT state FROM notifications ORDER BY notification_id") == [
        ("delivered",),
        ("delivered",),
        ("queued",),
    ]


def test_mirror_follows_a_control_state_that_was_restored(
    control: Control, store: Store, tmp_path: Path
) -> None:
    with control.begin() as connection:
        for actor in ("ann", "bob", "eve"):
            record_change(connection, AuditRow(happened_at=NOW, actor=actor, action="silence"))
    mirror_control(control, store)
    restored = open_control(tmp_path / "restored")
    with restored.begin() as connection:
        record_change(connection, AuditRow(happened_at=NOW, actor="zoe", action="silence"))
    mirror_control(restored, store)
    restored.close()
    assert fetch(store, "SELECT actor FROM audit") == [("zoe",)]
