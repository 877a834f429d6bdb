-- How many alarms people confirmed and dismissed.
SELECT m.action AS action, CAST(count(*) AS BIGINT) AS decisions
FROM ledger.drift_decisions AS m
WHERE m.alarm_id IS NOT NULL
GROUP BY m.action
ORDER BY action
