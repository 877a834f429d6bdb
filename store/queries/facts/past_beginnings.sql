-- The loads at which some traces begin.
SELECT
    k.trace_id AS trace_id,
    min(k.first_load) AS load_seq
FROM (
    SELECT
        r.trace_id AS trace_id,
        r.first_load AS first_load
    FROM ledger.runs AS r
    WHERE r.trace_id IN (SELECT a.trace_id FROM asked AS a)
    UNION ALL
    SELECT
        w.trace_id AS trace_id,
        w.first_load AS first_load
    FROM ledger.traces_without_runs AS w
    WHERE w.trace_id IN (SELECT a.trace_id FROM asked AS a)
) AS k
GROUP BY k.trace_id
