-- What the tools of a trace were asked and what they answered, the beginnings of it.
SELECT
    t.span_id AS span_id,
    head_of(t.arguments, 300) AS arguments,
    head_of(t.result, 300) AS result
FROM ledger.tool_calls AS t
WHERE t.trace_id = $trace_id
ORDER BY t.started_at, t.span_id
LIMIT 2000
