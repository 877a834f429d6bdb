-- Alarms raised, or raised again, since a time.
SELECT d.*
FROM ledger.drift_alarms AS d
WHERE d.last_raised_at >= $since
ORDER BY d.raised_at, d.alarm_id
