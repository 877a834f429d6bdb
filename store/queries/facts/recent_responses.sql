-- Response ids received since a moment, and the traces that name them.
SELECT DISTINCT
    s.response_id AS response_id,
    s.trace_id AS trace_id
FROM ledger.spans AS s
WHERE s.received_at >= $since AND s.response_id IS NOT NULL
LIMIT $max_rows
