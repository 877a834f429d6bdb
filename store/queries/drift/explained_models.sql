-- Model calls of production in a window with what explains them, newest first.
SELECT
    c.run_id AS run_id,
    c.trace_id AS trace_id,
    c.started_at AS started_at,
    c.status AS outcome,
    c.failure_class AS failure_class,
    c.environment AS environment,
    c.service AS service,
    c.agent AS agent,
    c.agent_version AS agent_version,
    c.prompt_version AS prompt_version,
    c.tenant AS tenant,
    c.user_id AS user_id,
    coalesce(c.response_model, c.request_model) AS model,
    c.finish_reason AS finish_reason,
    c.duration_ms AS duration_ms,
    c.ttft_ms AS ttft_ms,
    CAST(c.cost_usd AS DOUBLE) AS cost_usd
FROM ledger.llm_calls AS c
WHERE c.purpose = 'production' AND c.started_at >= $since AND c.started_at < $until
    AND coalesce(c.service, '') IN $services
    AND coalesce(c.agent, '') IN $agents
ORDER BY c.started_at DESC, c.trace_id, c.span_id
LIMIT $max_rows
