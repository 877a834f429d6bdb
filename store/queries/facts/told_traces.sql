-- Traces of whose spans some loads brought log records that tell something.
SELECT DISTINCT l.trace_id AS trace_id
FROM ledger.logs AS l
WHERE l.load_seq BETWEEN $first AND $last AND l.span_facts IS NOT NULL AND l.trace_id IS NOT NULL
