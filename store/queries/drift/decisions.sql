-- What people decided about alarms, hours and baselines, oldest first.
SELECT t.*
FROM ledger.drift_decisions AS t
ORDER BY t.decided_at, t.decision_id
