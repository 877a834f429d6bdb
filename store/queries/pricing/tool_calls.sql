-- Tool calls of a stretch of time, complete.
SELECT t.*
FROM ledger.tool_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
ORDER BY t.trace_id, t.span_id
