-- Loads that wrote spans of some traces, oldest first.
SELECT
    s.load_seq AS load_seq,
    count(*) AS spans
FROM ledger.spans AS s
WHERE s.load_seq BETWEEN $first AND $last AND s.trace_id IN (SELECT a.trace_id FROM asked AS a)
GROUP BY s.load_seq
ORDER BY s.load_seq
