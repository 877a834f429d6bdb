-- Alarms raised in a window, oldest first.
SELECT
    d.alarm_id AS alarm_id,
    d.is_historic AS is_historic
FROM ledger.drift_alarms AS d
WHERE d.raised_at >= $since
ORDER BY alarm_id
