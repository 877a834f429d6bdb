-- Where the traces of runs begin that go on after a load and begin before it.
SELECT
    r.trace_id AS trace_id,
    min(r.first_load) AS load_seq
FROM ledger.runs AS r
WHERE r.load_seq >= $floor AND r.first_load < $floor
GROUP BY r.trace_id
