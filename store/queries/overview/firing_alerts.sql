-- Alerts that are firing, the worst and then the oldest first.
SELECT
    t.alert AS alert,
    t.severity AS severity,
    t.reason AS reason,
    t.fired_at AS fired_at
FROM ledger.alerts AS t
WHERE t.state IN ('firing', 'recovering')
ORDER BY
    CASE t.severity WHEN 'critical' THEN 0 WHEN 'error' THEN 1 WHEN 'warning' THEN 2 ELSE 3 END,
    t.fired_at, t.alert
LIMIT 50
