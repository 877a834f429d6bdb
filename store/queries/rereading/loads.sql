-- Loads with spans to read again, oldest first.
SELECT
    s.load_seq AS load_seq,
    count(*) AS spans
FROM ledger.spans AS s
WHERE s.load_seq > $floor
    AND s.started_at >= $since AND s.started_at < $until
    AND ($dialect = '*' OR coalesce(s.dialect, '') = $dialect)
    AND ($service = '*' OR coalesce(s.service, '') = $service)
GROUP BY s.load_seq
ORDER BY s.load_seq
