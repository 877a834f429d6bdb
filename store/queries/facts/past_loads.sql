-- Where the traces begin that go on after a load and begin before it.
SELECT
    k.trace_id AS trace_id,
    min(k.first_load) AS load_seq
FROM (
    SELECT
        r.trace_id AS trace_id,
        r.first_load AS first_load
    FROM ledger.runs AS r
    WHERE r.load_seq >= $floor AND r.first_load < $floor
    UNION ALL
    SELECT
        w.trace_id AS trace_id,
        w.first_load AS first_load
    FROM ledger.traces_without_runs AS w
    WHERE w.load_seq >= $floor AND w.first_load < $floor
) AS k
GROUP BY k.trace_id
