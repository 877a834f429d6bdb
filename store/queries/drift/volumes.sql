-- Runs of production per hour and agent.
SELECT
    'run_count' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent,
    h.hour_at AS hour_at, CAST(sum(h.events) AS BIGINT) AS events
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.purpose = 'production' AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at
