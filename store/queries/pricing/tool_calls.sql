-- Tool calls of a stretch of time: what their price depends on, and what they cost now.
SELECT t.trace_id, t.span_id, t.run_id, t.tool, t.started_at, t.cost_usd, t.cost_status
FROM ledger.tool_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
