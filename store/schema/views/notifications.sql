-- Every message to a channel, and every decision not to send one.
SELECT
    t.notification_id AS notification_id, -- order of the decisions
    t.channel AS channel, -- name of the channel
    t.group_key AS group_key, -- group of alerts it is about
    t.decided_at AS decided_at, -- when it was decided
    t.reason AS reason, -- first_notification, new_alerts, all_resolved, repeat, silenced …
    t.state AS state, -- queued, delivered, dead or suppressed
    t.attempts AS attempts, -- deliveries tried
    t.delivered_at AS delivered_at, -- NULL until delivered
    t.last_error AS last_error, -- why the last attempt failed, secrets removed
    t.subject AS subject -- first line of the message
FROM ledger.notifications AS t
