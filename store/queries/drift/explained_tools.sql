-- Tool calls of production in a window with what explains them, newest first.
SELECT
    t.run_id AS run_id,
    t.trace_id AS trace_id,
    t.started_at AS started_at,
    t.status AS outcome,
    t.failure_class AS failure_class,
    t.environment AS environment,
    t.service AS service,
    t.agent AS agent,
    t.agent_version AS agent_version,
    t.tenant AS tenant,
    t.user_id AS user_id,
    t.tool AS tool,
    t.duration_ms AS duration_ms,
    CAST(t.cost_usd AS DOUBLE) AS cost_usd
FROM ledger.tool_calls AS t
WHERE t.purpose = 'production' AND t.started_at >= $since AND t.started_at < $until
    AND coalesce(t.service, '') IN $services
    AND coalesce(t.agent, '') IN $agents
ORDER BY t.started_at DESC, t.trace_id, t.span_id
LIMIT $max_rows
