-- The loads at which those of some traces begin that have runs.
SELECT
    r.trace_id AS trace_id,
    min(r.first_load) AS load_seq
FROM ledger.runs AS r
WHERE r.trace_id IN (SELECT a.trace_id FROM asked AS a)
GROUP BY r.trace_id
