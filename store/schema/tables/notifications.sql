-- The outbox: every message to a channel, and every decision not to send one; mirrored from the control state.
CREATE TABLE ledger.notifications (
    notification_id BIGINT NOT NULL, -- order of the decisions
    channel VARCHAR NOT NULL, -- name of the channel
    group_key VARCHAR NOT NULL, -- group of alerts it is about
    decided_at TIMESTAMP NOT NULL, -- when it was decided
    reason VARCHAR NOT NULL, -- first_notification, new_alerts, all_resolved, repeat, silenced …
    state VARCHAR NOT NULL, -- queued, delivered, dead or suppressed
    attempts BIGINT NOT NULL, -- deliveries tried
    delivered_at TIMESTAMP, -- NULL until delivered
    last_error VARCHAR, -- why the last attempt failed, secrets removed
    subject VARCHAR -- first line of the message
);
