-- The latest records that could not be loaded.
SELECT
    d.received_at AS received_at,
    d.signal AS signal,
    d.reason AS reason,
    d.detail AS detail,
    d.trace_id AS trace_id,
    head_of(d.record, 300) AS record
FROM ledger.dead_letters AS d
WHERE d.received_at >= $start AND d.received_at < $until
ORDER BY d.received_at DESC, d.reason, d.trace_id NULLS LAST
LIMIT 50
