-- The work list of traces to derive again, neighbours in the load sequence together.
SELECT
    t.touch AS touch,
    t.trace_id AS trace_id,
    t.since_load AS since_load,
    t.reason AS reason
FROM ledger.touched_traces AS t
ORDER BY t.since_load, t.touch, t.trace_id, t.reason
LIMIT $max_rows
