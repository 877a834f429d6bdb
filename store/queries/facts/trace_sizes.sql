-- How many spans of each trace some loads wrote.
SELECT
    s.trace_id AS trace_id,
    count(*) AS spans
FROM ledger.spans AS s
WHERE s.load_seq BETWEEN $first AND $last
GROUP BY s.trace_id
ORDER BY s.trace_id
