-- Which versions of some spans the store still has.
SELECT
    s.load_seq AS load_seq,
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.content_hash AS content_hash
FROM ledger.spans AS s
INNER JOIN candidates AS c ON c.trace_id = s.trace_id AND c.span_id = s.span_id
WHERE s.load_seq BETWEEN $first AND $last
