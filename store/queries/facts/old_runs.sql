-- Runs of some traces as they were derived last.
SELECT
    r.run_id AS run_id,
    r.trace_id AS trace_id,
    r.root_span_id AS root_span_id,
    r.is_sole AS is_sole,
    r.session_id AS session_id,
    r.started_at AS started_at
FROM ledger.runs AS r
WHERE r.load_seq >= $first AND r.trace_id IN (SELECT a.trace_id FROM asked AS a)
