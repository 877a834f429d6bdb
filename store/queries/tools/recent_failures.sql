-- The latest failed calls of one tool, with the head of what was asked of it.
SELECT
    t.started_at AS started_at,
    t.trace_id AS trace_id,
    t.span_id AS span_id,
    t.run_id AS run_id,
    t.agent AS agent,
    t.duration_ms AS duration_ms,
    coalesce(t.error_type, t.failure_class) AS error_type,
    head_of(t.arguments, 200) AS arguments,
    head_of(t.result, 200) AS result
FROM ledger.tool_calls AS t
WHERE t.status = 'error' AND t.started_at >= $start AND t.started_at < $until
    AND coalesce(t.tool, '') IN $tools
    AND ('*' IN $agents OR t.agent IN $agents)
    AND ('*' IN $environments OR t.environment IN $environments)
    AND ('*' IN $services OR t.service IN $services)
    AND ('*' IN $purposes OR t.purpose IN $purposes)
ORDER BY t.started_at DESC, t.span_id
LIMIT 20
