-- The whole row of one span.
SELECT s.*
FROM ledger.spans AS s
WHERE s.trace_id = $trace_id AND s.span_id = $span_id
LIMIT 1
