-- When versions of agents and prompts, models, providers and tools were first seen in a window, by agent.
SELECT
    'agent_version' AS kind, h.service AS service, h.environment AS environment, h.agent AS agent,
    h.agent_version AS label, min(h.hour_at) AS marked_at
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.purpose = 'production' AND h.agent_version IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.agent_version
UNION ALL
SELECT
    'prompt_version' AS kind, h.service AS service, h.environment AS environment, h.agent AS agent,
    coalesce(h.prompt_name, '') || ' ' || h.prompt_version AS label, min(h.hour_at) AS marked_at
FROM ledger.hourly AS h
WHERE h.purpose = 'production' AND h.prompt_version IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, coalesce(h.prompt_name, '') || ' ' || h.prompt_version
UNION ALL
SELECT
    'model' AS kind, h.service AS service, h.environment AS environment, h.agent AS agent,
    h.model AS label, min(h.hour_at) AS marked_at
FROM ledger.hourly AS h
WHERE h.subject = 'llm_call' AND h.purpose = 'production' AND h.model IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.model
UNION ALL
SELECT
    'agent' AS kind, h.service AS service, h.environment AS environment, h.agent AS agent,
    coalesce(h.agent, '') AS label, min(h.hour_at) AS marked_at
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.purpose = 'production'
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, coalesce(h.agent, '')
UNION ALL
SELECT
    'configuration' AS kind, h.service AS service, h.environment AS environment, h.agent AS agent,
    'provider ' || h.provider AS label, min(h.hour_at) AS marked_at
FROM ledger.hourly AS h
WHERE h.subject = 'llm_call' AND h.purpose = 'production' AND h.provider IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.provider
UNION ALL
SELECT
    'configuration' AS kind, h.service AS service, h.environment AS environment, h.agent AS agent,
    'tool ' || h.tool AS label, min(h.hour_at) AS marked_at
FROM ledger.hourly AS h
WHERE h.subject = 'tool_call' AND h.purpose = 'production' AND h.tool IS NOT NULL
    AND h.hour_at >= $since AND h.hour_at < $until
GROUP BY h.service, h.environment, h.agent, h.tool
