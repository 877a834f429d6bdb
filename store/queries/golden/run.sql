-- The run of an id, present or earlier.
SELECT t.run_id AS run_id, t.trace_id AS trace_id, t.load_seq AS load_seq
FROM ledger.runs AS t
WHERE t.run_id = $run_id
    OR t.run_id IN (SELECT a.run_id FROM ledger.run_aliases AS a WHERE a.old_run_id = $run_id)
ORDER BY CASE WHEN t.run_id = $run_id THEN 0 ELSE 1 END, t.run_id
LIMIT 1
