-- The hours that the detectors have read, and what these held then.
SELECT t.hour_at AS hour_at, t.figures AS figures
FROM ledger.drift_hours AS t
ORDER BY hour_at, figures
