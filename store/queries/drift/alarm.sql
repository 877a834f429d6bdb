-- One alarm, and what people said of it.
SELECT d.*, m.action AS mark, m.reason AS mark_reason
FROM ledger.drift_alarms AS d
LEFT JOIN ledger.drift_decisions AS m ON m.alarm_id = d.alarm_id
WHERE d.alarm_id = $alarm_id
