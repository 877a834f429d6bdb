-- Where spans of an id are, the newest first: an id of its own names a span only as a rule.
SELECT
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.load_seq AS load_seq
FROM ledger.spans AS s
WHERE s.span_id = $span_id AND ($trace_id = '' OR s.trace_id = $trace_id)
ORDER BY s.load_seq DESC
LIMIT 10
