-- The state of the detectors after the hours before a time.
SELECT t.*
FROM ledger.drift_states AS t
WHERE t.hour_at = $hour_at
ORDER BY t.kind, t.series
