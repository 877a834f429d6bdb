-- Alarms over present data, raised or raised again since a time and not dismissed; alerts are made of them.
SELECT
    d.alarm_id AS alarm_id,
    d.metric AS metric,
    d.type AS type,
    d.service AS service,
    d.environment AS environment,
    d.agent AS agent,
    d.direction AS direction,
    d.tool AS tool,
    attr(d.labels, 'model') AS model,
    attr(d.labels, 'score') AS score,
    d.category AS category,
    d.raised_at AS raised_at,
    d.last_raised_at AS last_raised_at,
    d.changed_at AS changed_at,
    d.before_value AS before_value,
    d.after_value AS after_value,
    d.after_low AS after_low,
    d.after_high AS after_high,
    d.evidence AS evidence,
    d.is_hint AS is_hint
FROM ledger.drift_alarms AS d
LEFT JOIN ledger.drift_decisions AS m ON m.alarm_id = d.alarm_id
WHERE d.last_raised_at >= $since AND NOT d.is_historic AND coalesce(m.action, '') <> 'dismiss'
ORDER BY d.last_raised_at, d.alarm_id
