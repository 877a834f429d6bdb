-- What the mirror of the control table alerts holds now.
SELECT
    t.fingerprint AS fingerprint,
    t.alert AS alert,
    t.state AS state,
    t.severity AS severity,
    t.labels AS labels,
    t.value AS value,
    t.threshold AS threshold,
    t.reason AS reason,
    t.active_at AS active_at,
    t.fired_at AS fired_at,
    t.resolved_at AS resolved_at,
    t.evaluated_at AS evaluated_at
FROM ledger.alerts AS t
ORDER BY t.fingerprint
