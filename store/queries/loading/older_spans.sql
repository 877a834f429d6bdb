-- Versions of spans that were written long ago and started in a window.
SELECT
    s.load_seq AS load_seq,
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.started_at AS started_at,
    s.ended_at AS ended_at,
    s.attribute_count AS attribute_count,
    s.content_hash AS content_hash
FROM ledger.spans AS s
INNER JOIN candidates AS c ON c.trace_id = s.trace_id AND c.span_id = s.span_id
WHERE s.load_seq <= $floor AND s.started_at BETWEEN $first AND $last
