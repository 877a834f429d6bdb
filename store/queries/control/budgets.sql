-- What the mirror of the control table budgets holds now.
SELECT
    t.fingerprint AS fingerprint,
    t.budget AS budget,
    t.labels AS labels,
    t.filter AS filter,
    t.unit AS unit,
    t.period AS period,
    t.limit_value AS limit_value,
    t.used_value AS used_value,
    t.forecast_value AS forecast_value,
    t.state AS state,
    t.resets_at AS resets_at,
    t.evaluated_at AS evaluated_at
FROM ledger.budgets AS t
ORDER BY t.fingerprint
