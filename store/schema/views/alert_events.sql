-- Every change of state of an alert instance.
SELECT
    t.event_id AS event_id, -- order of the events
    t.fingerprint AS fingerprint, -- alert instance
    t.alert AS alert, -- name of the rule
    t.happened_at AS happened_at, -- when
    t.from_state AS from_state, -- state before
    t.to_state AS to_state, -- state after
    t.value AS value, -- value at the change
    t.threshold AS threshold, -- threshold at the change
    t.reason AS reason -- one sentence
FROM ledger.alert_events AS t
