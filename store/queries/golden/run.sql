-- The run of an id.
SELECT t.run_id AS run_id, t.trace_id AS trace_id, t.load_seq AS load_seq
FROM ledger.runs AS t
WHERE t.run_id = $run_id
LIMIT 1
