-- What the mirror of the control table notifications holds now, from a number on.
SELECT
    t.notification_id AS notification_id,
    t.channel AS channel,
    t.group_key AS group_key,
    t.decided_at AS decided_at,
    t.reason AS reason,
    t.state AS state,
    t.attempts AS attempts,
    t.delivered_at AS delivered_at,
    t.last_error AS last_error,
    t.subject AS subject
FROM ledger.notifications AS t
WHERE t.notification_id >= $floor
ORDER BY t.notification_id
