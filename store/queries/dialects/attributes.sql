-- Attributes of the spans that some loads wrote, with where they are from.
SELECT
    s.service AS service,
    s.dialect AS dialect,
    s.name AS name,
    s.attributes AS attributes
FROM ledger.spans AS s
WHERE s.load_seq BETWEEN $first AND $last AND s.started_at >= $since AND s.started_at < $until
ORDER BY s.load_seq, s.trace_id, s.span_id
LIMIT $max_rows
