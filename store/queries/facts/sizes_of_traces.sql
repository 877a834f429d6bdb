-- How many spans of some traces were written by a range of loads.
SELECT
    s.trace_id AS trace_id,
    count(*) AS spans
FROM ledger.spans AS s
WHERE s.load_seq BETWEEN $first AND $last AND s.trace_id IN (SELECT a.trace_id FROM asked AS a)
GROUP BY s.trace_id
ORDER BY count(*), s.trace_id
