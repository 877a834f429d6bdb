-- Loads that are not counted yet, oldest first: with spans, or with log records that tell of spans.
SELECT
    p.load_seq AS load_seq,
    count(*) AS spans
FROM (
    SELECT s.load_seq AS load_seq FROM ledger.spans AS s WHERE s.load_seq > $floor
    UNION ALL
    SELECT l.load_seq AS load_seq FROM ledger.logs AS l WHERE l.load_seq > $floor AND l.span_facts IS NOT NULL
) AS p
GROUP BY p.load_seq
ORDER BY p.load_seq
LIMIT $max_rows
