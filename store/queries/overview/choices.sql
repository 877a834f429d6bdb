-- What there is to filter by, the busiest first.
SELECT f.dimension, f.choice, f.events
FROM (
    SELECT 'agent' AS dimension, h.agent AS choice, sum(h.events) AS events
    FROM ledger.hourly AS h
    WHERE h.hour_at >= $since AND h.agent IS NOT NULL AND h.subject = 'run'
    GROUP BY h.agent
    UNION ALL
    SELECT 'environment' AS dimension, h.environment AS choice, sum(h.events) AS events
    FROM ledger.hourly AS h
    WHERE h.hour_at >= $since AND h.environment IS NOT NULL AND h.subject = 'run'
    GROUP BY h.environment
    UNION ALL
    SELECT 'service' AS dimension, h.service AS choice, sum(h.events) AS events
    FROM ledger.hourly AS h
    WHERE h.hour_at >= $since AND h.service IS NOT NULL AND h.subject = 'run'
    GROUP BY h.service
    UNION ALL
    SELECT 'model' AS dimension, h.model AS choice, sum(h.events) AS events
    FROM ledger.hourly AS h
    WHERE h.hour_at >= $since AND h.model IS NOT NULL AND h.subject = 'llm_call'
    GROUP BY h.model
) AS f
ORDER BY f.dimension, f.events DESC, f.choice
LIMIT 2000
