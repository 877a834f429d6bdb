-- What happened that may explain a change: alerts that fired, behaviour that drifted, deployments and new versions.
SELECT
    f.happened_at AS happened_at, f.what AS what, f.subject AS subject, f.detail AS detail,
    f.alarm_id AS alarm_id, f.metric AS metric, f.category AS category
FROM (
    SELECT e.happened_at AS happened_at, 'alert' AS what, e.alert AS subject, e.reason AS detail,
        CAST(NULL AS VARCHAR) AS alarm_id, CAST(NULL AS VARCHAR) AS metric, CAST(NULL AS VARCHAR) AS category
    FROM ledger.alert_events AS e
    WHERE e.to_state = 'firing' AND e.happened_at >= $start AND e.happened_at < $until
    UNION ALL
    SELECT d.raised_at AS happened_at, 'drift' AS what, d.series AS subject, d.direction AS detail,
        d.alarm_id AS alarm_id, d.metric AS metric, d.category AS category
    FROM ledger.drift_alarms AS d
    WHERE d.raised_at >= $start AND d.raised_at < $until
    UNION ALL
    SELECT m.marked_at AS happened_at, m.kind AS what, m.label AS subject, m.agent AS detail,
        CAST(NULL AS VARCHAR) AS alarm_id, CAST(NULL AS VARCHAR) AS metric, CAST(NULL AS VARCHAR) AS category
    FROM ledger.markers AS m
    WHERE m.marked_at >= $start AND m.marked_at < $until
) AS f
ORDER BY f.happened_at, f.what, f.subject
LIMIT 200
