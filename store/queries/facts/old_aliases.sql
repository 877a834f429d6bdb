-- Earlier ids of the runs of some traces.
SELECT
    a.old_run_id AS old_run_id,
    a.run_id AS run_id,
    a.trace_id AS trace_id
FROM ledger.run_aliases AS a
WHERE a.trace_id IN (SELECT k.trace_id FROM asked AS k)
