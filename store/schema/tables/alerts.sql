-- State of every alert instance, mirrored from the control state.
CREATE TABLE ledger.alerts (
    fingerprint VARCHAR NOT NULL, -- hash of the sorted labels
    alert VARCHAR NOT NULL, -- name of the rule
    state VARCHAR NOT NULL, -- inactive, pending, firing, recovering or resolved
    severity VARCHAR, -- as the rule says
    labels MAP(VARCHAR, VARCHAR), -- alert name, group and rule labels
    value DOUBLE, -- last value; NULL when there was no data
    threshold DOUBLE, -- threshold it was held against
    reason VARCHAR, -- one sentence: what was seen
    active_at TIMESTAMP, -- since when the condition holds
    fired_at TIMESTAMP, -- when it began to fire
    resolved_at TIMESTAMP, -- when it ended
    evaluated_at TIMESTAMP NOT NULL -- last evaluation
);
