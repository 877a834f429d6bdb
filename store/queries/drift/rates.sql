-- Events and failures of production per hour and series: outcomes of runs, feedback, tools, models.
SELECT
    'success_rate' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool,
    h.hour_at AS hour_at,
    CAST(sum(h.events) AS BIGINT) AS events,
    sum(CASE WHEN h.outcome = 'failure' THEN h.events ELSE 0 END) AS failures
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.purpose = 'production' AND h.outcome IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at
UNION ALL
SELECT
    'escalation_rate' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool,
    h.hour_at AS hour_at,
    CAST(sum(h.events) AS BIGINT) AS events,
    sum(CASE WHEN h.outcome = 'escalated' THEN h.events ELSE 0 END) AS failures
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.purpose = 'production' AND h.outcome IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at
UNION ALL
SELECT
    'satisfaction' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool,
    h.hour_at AS hour_at,
    CAST(sum(h.rated) AS BIGINT) AS events,
    sum(h.rated) - sum(h.liked) AS failures
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.purpose = 'production' AND h.rated > 0
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.hour_at
UNION ALL
SELECT
    'tool_failure_rate' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, h.tool AS tool,
    h.hour_at AS hour_at,
    CAST(sum(h.events) AS BIGINT) AS events,
    sum(CASE WHEN h.outcome = 'error' THEN h.events ELSE 0 END) AS failures
FROM ledger.hourly AS h
WHERE h.subject = 'tool_call' AND h.purpose = 'production'
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.tool, h.hour_at
UNION ALL
SELECT
    'llm_error_rate' AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent,
    h.model AS model, CAST(NULL AS VARCHAR) AS tool,
    h.hour_at AS hour_at,
    CAST(sum(h.events) AS BIGINT) AS events,
    sum(CASE WHEN h.outcome = 'error' THEN h.events ELSE 0 END) AS failures
FROM ledger.hourly AS h
WHERE h.subject = 'llm_call' AND h.purpose = 'production'
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.model, h.hour_at
