-- When values of a declared dimension were first seen on runs of production in a window, by agent.
SELECT
    'configuration' AS kind, r.service AS service, r.environment AS environment, r.agent AS agent,
    attr(r.dimensions, $dimension) AS label, min(hour_of(r.started_at)) AS marked_at
FROM ledger.runs AS r
WHERE r.purpose = 'production' AND r.started_at >= $since AND r.started_at < $until
    AND attr(r.dimensions, $dimension) IS NOT NULL
GROUP BY r.service, r.environment, r.agent, attr(r.dimensions, $dimension)
