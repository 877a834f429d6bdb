-- Budgets with what is used of them, the fullest first.
SELECT
    b.budget AS budget,
    b.labels AS labels,
    b.unit AS unit,
    b.period AS period,
    b.limit_value AS limit_value,
    b.used_value AS used_value,
    b.forecast_value AS forecast_value,
    b.resets_at AS resets_at,
    b.evaluated_at AS evaluated_at
FROM ledger.budgets AS b
ORDER BY CASE WHEN b.limit_value > 0 THEN CAST(b.used_value AS DOUBLE) / CAST(b.limit_value AS DOUBLE) END DESC NULLS LAST, b.budget, b.fingerprint
LIMIT 50
