-- The latest alarms, newest change first; at most 200.
SELECT
    d.alarm_id AS alarm_id,
    d.series AS series,
    d.metric AS metric,
    d.service AS service,
    d.environment AS environment,
    d.agent AS agent,
    d.tool AS tool,
    attr(d.labels, 'model') AS model,
    d.category AS category,
    d.raised_at AS raised_at,
    d.last_raised_at AS last_raised_at,
    d.changed_at AS changed_at,
    d.direction AS direction,
    d.before_value AS before_value,
    d.after_value AS after_value,
    d.evidence AS evidence,
    d.is_hint AS is_hint,
    d.is_historic AS is_historic,
    d.explanation AS explanation,
    m.action AS mark,
    m.reason AS mark_reason
FROM ledger.drift_alarms AS d
LEFT JOIN ledger.drift_decisions AS m ON m.alarm_id = d.alarm_id
WHERE d.raised_at >= $since
    AND ('*' IN $agents OR d.agent IN $agents)
    AND ('*' IN $environments OR d.environment IN $environments)
    AND ('*' IN $services OR d.service IN $services)
ORDER BY d.raised_at DESC, d.alarm_id
LIMIT 200
