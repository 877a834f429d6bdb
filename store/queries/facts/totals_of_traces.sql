-- What the calls of some traces come to, as they were derived last.
SELECT
    count(*) AS llm_calls,
    coalesce(sum(c.input_tokens), 0) AS input_tokens,
    coalesce(sum(c.cache_read_tokens), 0) AS cache_read_tokens,
    coalesce(sum(c.cache_write_tokens), 0) AS cache_write_tokens,
    coalesce(sum(c.output_tokens), 0) AS output_tokens,
    coalesce(sum(c.reasoning_tokens), 0) AS reasoning_tokens,
    coalesce(sum(c.cost_usd), 0) AS cost_usd,
    coalesce(sum(CASE WHEN c.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END), 0) AS unpriced_calls
FROM ledger.llm_calls AS c
WHERE c.load_seq >= $first AND c.trace_id IN (SELECT a.trace_id FROM asked AS a)
