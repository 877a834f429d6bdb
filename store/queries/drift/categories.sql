-- Categories of production per hour, series and value: tools called, models that answered, why they stopped, how runs failed, labels given.
SELECT
    'tool_mix' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent, CAST(NULL AS VARCHAR) AS score,
    h.hour_at AS hour_at, coalesce(h.tool, '') AS category, CAST(sum(h.events) AS BIGINT) AS events
FROM ledger.hourly AS h
WHERE h.subject = 'tool_call' AND h.purpose = 'production' AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at, coalesce(h.tool, '')
UNION ALL
SELECT
    'model_mix' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent, CAST(NULL AS VARCHAR) AS score,
    h.hour_at AS hour_at, coalesce(h.model, '') AS category, CAST(sum(h.events) AS BIGINT) AS events
FROM ledger.hourly AS h
WHERE h.subject = 'llm_call' AND h.purpose = 'production' AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at, coalesce(h.model, '')
UNION ALL
SELECT
    'finish_reasons' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent, CAST(NULL AS VARCHAR) AS score,
    h.hour_at AS hour_at, h.finish_reason AS category, CAST(sum(h.events) AS BIGINT) AS events
FROM ledger.hourly AS h
WHERE h.subject = 'llm_call' AND h.purpose = 'production' AND h.finish_reason IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at, h.finish_reason
UNION ALL
SELECT
    'failure_classes' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent, CAST(NULL AS VARCHAR) AS score,
    h.hour_at AS hour_at, coalesce(h.failure_class, 'none') AS category, CAST(sum(h.events) AS BIGINT) AS events
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.purpose = 'production' AND h.outcome IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at, coalesce(h.failure_class, 'none')
UNION ALL
SELECT
    'labels' AS metric,
    r.service AS service, r.environment AS environment, r.agent AS agent, s.name AS score,
    hour_of(s.scored_at) AS hour_at, s.label AS category, CAST(count(*) AS BIGINT) AS events
FROM ledger.scores AS s
INNER JOIN ledger.runs AS r ON r.run_id = s.run_id
WHERE r.purpose = 'production' AND s.label IS NOT NULL AND s.scored_at >= $since AND s.scored_at < $until
GROUP BY r.service, r.environment, r.agent, s.name, hour_of(s.scored_at), s.label
