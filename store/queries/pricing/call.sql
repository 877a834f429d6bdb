-- One model call, complete.
SELECT t.*
FROM ledger.llm_calls AS t
WHERE t.trace_id = $trace_id AND t.span_id = $span_id
LIMIT 1
