-- Every change of state of an alert instance, mirrored from the control state.
CREATE TABLE ledger.alert_events (
    event_id BIGINT NOT NULL, -- order of the events
    fingerprint VARCHAR NOT NULL, -- alert instance
    alert VARCHAR NOT NULL, -- name of the rule
    happened_at TIMESTAMP NOT NULL, -- when
    from_state VARCHAR NOT NULL, -- state before
    to_state VARCHAR NOT NULL, -- state after
    value DOUBLE, -- value at the change
    threshold DOUBLE, -- threshold at the change
    reason VARCHAR NOT NULL -- one sentence
);
