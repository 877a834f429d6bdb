-- How many spans of each trace some loads wrote, and log records that tell of spans.
SELECT
    p.trace_id AS trace_id,
    count(*) AS spans
FROM (
    SELECT s.trace_id AS trace_id FROM ledger.spans AS s WHERE s.load_seq BETWEEN $first AND $last
    UNION ALL
    SELECT l.trace_id AS trace_id
    FROM ledger.logs AS l
    WHERE l.load_seq BETWEEN $first AND $last AND l.span_facts IS NOT NULL AND l.trace_id IS NOT NULL
) AS p
GROUP BY p.trace_id
ORDER BY p.trace_id
