-- Tools that some runs executed without failing, in order.
SELECT t.run_id AS run_id, t.tool AS tool
FROM ledger.tool_calls AS t
WHERE t.started_at >= $start AND t.started_at < $until AND t.status = 'ok'
    AND t.run_id IN (SELECT a.run_id FROM asked AS a)
ORDER BY t.run_id, t.started_at, t.span_id
