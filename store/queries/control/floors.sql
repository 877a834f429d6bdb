-- From which number on the mirrored lists may differ from the control state; what lies below is settled.
SELECT f.name, f.floor
FROM (
    SELECT 'alert_events' AS name, coalesce(max(t.event_id) + 1, 0) AS floor FROM ledger.alert_events AS t
    UNION ALL
    SELECT 'audit' AS name, coalesce(max(t.audit_id) + 1, 0) AS floor FROM ledger.audit AS t
    UNION ALL
    SELECT
        'notifications' AS name,
        coalesce(
            min(CASE WHEN t.state NOT IN ('delivered', 'suppressed') THEN t.notification_id END),
            max(t.notification_id) + 1,
            0
        ) AS floor
    FROM ledger.notifications AS t
) AS f
ORDER BY f.name
