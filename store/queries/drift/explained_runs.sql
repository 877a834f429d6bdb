-- Runs of production in a window with what explains them, newest first.
SELECT
    r.run_id AS run_id,
    r.trace_id AS trace_id,
    r.started_at AS started_at,
    r.outcome AS outcome,
    r.failure_class AS failure_class,
    r.environment AS environment,
    r.service AS service,
    r.agent AS agent,
    r.agent_version AS agent_version,
    r.prompt_version AS prompt_version,
    r.tenant AS tenant,
    r.user_id AS user_id,
    r.duration_ms AS duration_ms,
    CAST(r.cost_usd AS DOUBLE) AS cost_usd,
    r.input_tokens AS input_tokens,
    r.output_tokens AS output_tokens,
    r.steps AS steps,
    r.confidence AS confidence,
    r.feedback AS feedback
FROM ledger.runs AS r
WHERE r.purpose = 'production' AND r.started_at >= $since AND r.started_at < $until
    AND r.outcome IS NOT NULL
    AND coalesce(r.service, '') IN $services
    AND coalesce(r.agent, '') IN $agents
ORDER BY r.started_at DESC, r.run_id
LIMIT $max_rows
