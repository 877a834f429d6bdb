-- Runs of a trace, oldest first.
SELECT
    r.run_id AS run_id,
    r.root_span_id AS root_span_id,
    r.service AS service,
    r.environment AS environment,
    r.agent AS agent,
    r.agent_version AS agent_version,
    r.purpose AS purpose,
    r.workflow AS workflow,
    r.session_id AS session_id,
    r.user_id AS user_id,
    r.started_at AS started_at,
    r.duration_ms AS duration_ms,
    r.outcome AS outcome,
    r.outcome_reason AS outcome_reason,
    r.failure_class AS failure_class,
    r.feedback AS feedback,
    r.complete AS complete,
    r.llm_calls AS llm_calls,
    r.tool_calls AS tool_calls,
    r.tool_failures AS tool_failures,
    r.retries AS retries,
    r.input_tokens AS input_tokens,
    r.output_tokens AS output_tokens,
    r.cost_usd AS cost_usd,
    r.unpriced_calls AS unpriced_calls
FROM ledger.runs AS r
WHERE r.trace_id = $trace_id
ORDER BY r.started_at, r.run_id
LIMIT 200
