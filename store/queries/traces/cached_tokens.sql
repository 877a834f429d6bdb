-- How much of the input of a trace's model calls came from a cache; NULL where nobody said.
SELECT
    sum(c.input_tokens) AS input_tokens,
    sum(c.cache_read_tokens) AS cache_read_tokens
FROM ledger.llm_calls AS c
WHERE c.trace_id = $trace_id
