-- Sessions, else services, whose usage was received as counters since a moment.
SELECT DISTINCT
    s.trace_id AS trace_id,
    s.session_id AS session_id,
    s.service AS service
FROM ledger.spans AS s
WHERE s.received_at >= $since AND s.usage_scope = 'counter'
LIMIT $max_rows
