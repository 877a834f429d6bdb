-- What was said in the runs of a session, oldest first; at most 200.
SELECT
    r.run_id AS run_id,
    r.trace_id AS trace_id,
    r.root_span_id AS root_span_id,
    r.started_at AS started_at,
    r.duration_ms AS duration_ms,
    r.agent AS agent,
    r.outcome AS outcome,
    r.outcome_reason AS outcome_reason,
    r.feedback AS feedback,
    r.llm_calls AS llm_calls,
    r.tool_calls AS tool_calls,
    r.tool_failures AS tool_failures,
    r.cost_usd AS cost_usd,
    r.unpriced_calls AS unpriced_calls,
    r.input AS input,
    r.output AS output
FROM ledger.runs AS r
WHERE r.started_at >= $since AND r.started_at <= $until AND coalesce(r.session_id, r.run_id) = $conversation_id
ORDER BY r.started_at, r.run_id
LIMIT 200
