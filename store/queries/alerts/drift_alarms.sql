-- Alarms over present data, raised or raised again since a time; alerts are made of them.
SELECT
    d.metric AS metric,
    d.service AS service,
    d.environment AS environment,
    d.agent AS agent,
    d.direction AS direction,
    d.tool AS tool,
    d.last_raised_at AS last_raised_at,
    d.changed_at AS changed_at,
    d.before_value AS before_value,
    d.after_value AS after_value,
    d.evidence AS evidence
FROM ledger.drift_alarms AS d
WHERE d.last_raised_at >= $since AND NOT d.is_historic
ORDER BY d.last_raised_at, d.alarm_id
