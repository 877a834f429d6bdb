-- Tools that some runs executed, in order.
SELECT
    t.run_id AS run_id,
    t.tool AS tool,
    t.status AS status,
    t.arguments AS arguments
FROM ledger.tool_calls AS t
WHERE t.started_at >= $start AND t.started_at < $until AND t.run_id IN (SELECT a.run_id FROM asked AS a)
ORDER BY t.run_id, t.started_at, t.span_id
