"""The tables of the control state."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

from store.control.columns import Instant, Money

metadata = MetaData()
# SQLite numbers rows by itself only where the key is called INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")

control_versions = Table(
    "control_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", Instant, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("fingerprint", String, primary_key=True),
    Column("alert", String, nullable=False),
    Column("state", String, nullable=False),
    Column("severity", String),
    Column("labels", JSON, nullable=False),
    Column("value", Float),
    Column("threshold", Float),
    Column("reason", Text),
    Column("active_at", Instant),
    Column("fired_at", Instant),
    Column("recovering_at", Instant),
    Column("resolved_at", Instant),
    Column("evaluated_at", Instant, nullable=False),
    Column("missing", Integer, nullable=False, default=0),
    Column("problem", Text),
)

alert_rules = Table(
    "alert_rules",
    metadata,
    Column("name", String, primary_key=True),
    # The table that a configuration file would hold.
    Column("definition", JSON, nullable=False),
    Column("author", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

alert_remarks = Table(
    "alert_remarks",
    metadata,
    Column("remark_id", _Number, primary_key=True, autoincrement=True),
    Column("fingerprint", String, nullable=False),
    Column("alert", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("author", String, nullable=False),
    # acknowledge, release, assign or comment.
    Column("kind", String, nullable=False),
    # The comment; of assign, to whom.
    Column("text", Text),
    Index("alert_remarks_by_instance", "fingerprint", "remark_id"),
    sqlite_autoincrement=True,
)

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", _Number, primary_key=True, autoincrement=True),
    Column("title", Text, nullable=False),
    Column("severity", String, nullable=False),
    # Labels that its alerts share.
    Column("labels", JSON, nullable=False),
    # Fingerprints of the alerts that belong to it.
    Column("members", JSON, nullable=False),
    # When what it is about began, as far as is known; the alerts fired later.
    Column("began_at", Instant, nullable=False),
    Column("detected_at", Instant, nullable=False),
    Column("acknowledged_at", Instant),
    Column("resolved_at", Instant),
    sqlite_autoincrement=True,
)

alert_events = Table(
    "alert_events",
    metadata,
    Column("event_id", _Number, primary_key=True, autoincrement=True),
    Column("fingerprint", String, nullable=False),
    Column("alert", String, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("from_state", String, nullable=False),
    Column("to_state", String, nullable=False),
    Column("value", Float),
    Column("threshold", Float),
    Column("reason", Text, nullable=False),
    Index("alert_events_by_instance", "fingerprint", "event_id"),
    # A number that was given is never given again.
    sqlite_autoincrement=True,
)

alert_groups = Table(
    "alert_groups",
    metadata,
    Column("group_key", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("members", JSON, nullable=False),
    Column("told_firing", JSON, nullable=False),
    Column("flush_at", Instant, nullable=False),
    Column("notified_at", Instant),
    Column("suppressed", Text),
)

alert_threads = Table(
    "alert_threads",
    metadata,
    Column("channel", String, primary_key=True),
    Column("group_key", String, primary_key=True),
    # The first message since the group began to fire, as the channel calls it.
    Column("handle", Text, nullable=False),
    Column("began_at", Instant, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("notification_id", _Number, primary_key=True, autoincrement=True),
    # Says what is told to whom: deciding the same twice sends once.
    Column("idempotency_key", String, nullable=False, unique=True),
    Column("channel", String, nullable=False),
    Column("group_key", String, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("reason", String, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # When it may be tried next; while somebody delivers it, when that one is given up for dead.
    Column("next_attempt_at", Instant),
    Column("delivered_at", Instant),
    Column("last_error", Text),
    Column("subject", Text),
    Column("payload", JSON, nullable=False),
    Index("outbox_by_due_time", "state", "channel", "next_attempt_at"),
    Index("outbox_by_group", "group_key", "channel", "notification_id"),
    # A number that was given is never given again.
    sqlite_autoincrement=True,
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", _Number, primary_key=True, autoincrement=True),
    Column("matchers", JSON, nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("author", String),
    Column("comment", Text),
    # A number that was given is never given again.
    sqlite_autoincrement=True,
)

sign_ins = Table(
    "sign_ins",
    metadata,
    # Only the hash is kept: who reads this database cannot take over a visit.
    Column("token_sha256", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

stars = Table(
    "stars",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("author", String, nullable=False),
    Column("starred_at", Instant, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("note_id", _Number, primary_key=True, autoincrement=True),
    Column("run_id", String, nullable=False),
    Column("author", String, nullable=False),
    Column("noted_at", Instant, nullable=False),
    Column("text", Text, nullable=False),
    Index("notes_by_run", "run_id", "note_id"),
    # A number that was given is never given again.
    sqlite_autoincrement=True,
)

budgets = Table(
    "budgets",
    metadata,
    Column("fingerprint", String, primary_key=True),
    Column("budget", String, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("filter", JSON),
    Column("unit", String, nullable=False),
    Column("period", String, nullable=False),
    Column("limit_value", Money, nullable=False),
    Column("used_value", Money),
    Column("forecast_value", Money),
    Column("state", String, nullable=False, default="ok"),
    Column("resets_at", Instant),
    Column("evaluated_at", Instant),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", _Number, primary_key=True, autoincrement=True),
    Column("happened_at", Instant, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String),
    Column("detail", JSON),
    # A number that was given is never given again.
    sqlite_autoincrement=True,
)
