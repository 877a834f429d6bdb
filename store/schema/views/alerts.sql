-- State of every alert instance.
SELECT
    t.fingerprint AS fingerprint, -- hash of the sorted labels
    t.alert AS alert, -- name of the rule
    t.state AS state, -- inactive, pending, firing, recovering or resolved
    t.severity AS severity, -- as the rule says
    t.labels AS labels, -- alert name, group and rule labels
    t.value AS value, -- last value; NULL when there was no data
    t.threshold AS threshold, -- threshold it was held against
    t.reason AS reason, -- one sentence: what was seen
    t.active_at AS active_at, -- since when the condition holds
    t.fired_at AS fired_at, -- when it began to fire
    t.resolved_at AS resolved_at, -- when it ended
    t.evaluated_at AS evaluated_at -- last evaluation
FROM ledger.alerts AS t
