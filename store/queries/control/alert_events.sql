-- What the mirror of the control table alert_events holds now, from a number on.
SELECT
    t.event_id AS event_id,
    t.fingerprint AS fingerprint,
    t.alert AS alert,
    t.happened_at AS happened_at,
    t.from_state AS from_state,
    t.to_state AS to_state,
    t.value AS value,
    t.threshold AS threshold,
    t.reason AS reason
FROM ledger.alert_events AS t
WHERE t.event_id >= $floor
ORDER BY t.event_id
