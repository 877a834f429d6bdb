-- Traces of which a span was received since a moment or after a load, with the load that brought the first of these.
SELECT
    s.trace_id AS trace_id,
    min(s.load_seq) AS load_seq
FROM ledger.spans AS s
WHERE s.received_at >= $since OR s.load_seq > $floor
GROUP BY s.trace_id
ORDER BY min(s.load_seq) DESC, s.trace_id
LIMIT $max_rows
