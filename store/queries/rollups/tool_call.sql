-- Tool calls of some hours, added up per dimensions.
SELECT
    hour_of(t.started_at) AS hour_at,
    'tool_call' AS subject,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    t.tool,
    t.status AS outcome,
    t.failure_class,
    count(*) AS events,
    usd(sum(t.cost_usd)) AS cost_usd,
    0 AS unpriced_calls,
    count(t.duration_ms) AS timed_events,
    sum(t.duration_ms) AS duration_ms
FROM ledger.tool_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose, t.tool, t.status,
    t.failure_class
