-- Alarms over present data since a time, that alerts are made of.
SELECT
    d.metric AS metric,
    d.service AS service,
    d.environment AS environment,
    d.agent AS agent,
    d.direction AS direction,
    d.raised_at AS raised_at,
    d.before_value AS before_value,
    d.after_value AS after_value,
    d.evidence AS evidence
FROM ledger.drift_alarms AS d
WHERE d.raised_at >= $since AND NOT d.is_historic
ORDER BY d.raised_at, d.alarm_id
