-- Traces of the runs that some loads completed.
SELECT DISTINCT r.trace_id AS trace_id
FROM ledger.runs AS r
WHERE r.load_seq BETWEEN $first AND $last
