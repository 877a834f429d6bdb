-- What the calls and tools of the asked runs cost, call by call.
SELECT t.run_id, t.trace_id, t.span_id, CAST(t.cost_usd AS DECIMAL(38, 12)) AS cost_usd,
    CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END AS unpriced, 1 = 0 AS is_tool
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.run_id IN (SELECT a.run_id FROM asked AS a)
UNION ALL
SELECT t.run_id, t.trace_id, t.span_id, CAST(t.cost_usd AS DECIMAL(38, 12)) AS cost_usd, 0 AS unpriced, 1 = 1 AS is_tool
FROM ledger.tool_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.run_id IN (SELECT a.run_id FROM asked AS a)
