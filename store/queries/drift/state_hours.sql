-- The times for which the state of the detectors is kept.
SELECT DISTINCT t.hour_at AS hour_at
FROM ledger.drift_states AS t
ORDER BY hour_at
