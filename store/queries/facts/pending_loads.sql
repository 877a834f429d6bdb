-- Loads whose spans are not counted yet, oldest first.
SELECT
    s.load_seq AS load_seq,
    count(*) AS spans
FROM ledger.spans AS s
WHERE s.load_seq > $floor
GROUP BY s.load_seq
ORDER BY s.load_seq
LIMIT $max_rows
