-- Alarms of a window that people judged.
SELECT d.series AS series, d.raised_at AS raised_at, d.changed_at AS changed_at, m.action AS action
FROM ledger.drift_alarms AS d
INNER JOIN ledger.drift_decisions AS m ON m.alarm_id = d.alarm_id
WHERE d.raised_at >= $since AND d.raised_at < $until
ORDER BY raised_at, series, action
