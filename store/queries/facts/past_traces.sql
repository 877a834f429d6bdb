-- Traces that some loads completed, with runs or without.
SELECT r.trace_id AS trace_id
FROM ledger.runs AS r
WHERE r.load_seq BETWEEN $first AND $last
UNION DISTINCT
SELECT w.trace_id AS trace_id
FROM ledger.traces_without_runs AS w
WHERE w.load_seq BETWEEN $first AND $last
