-- Loads with spans, and log records that tell of spans, to read again, oldest first; a record is of no dialect.
SELECT
    n.load_seq AS load_seq,
    CAST(sum(n.spans) AS BIGINT) AS spans,
    CAST(sum(n.records) AS BIGINT) AS records
FROM (
    SELECT s.load_seq AS load_seq, CAST(count(*) AS BIGINT) AS spans, CAST(0 AS BIGINT) AS records
    FROM ledger.spans AS s
    WHERE s.load_seq > $floor
        AND s.started_at >= $since AND s.started_at < $until
        AND ($dialect = '*' OR coalesce(s.dialect, '') = $dialect)
        AND ($service = '*' OR coalesce(s.service, '') = $service)
    GROUP BY s.load_seq
    UNION ALL
    SELECT l.load_seq AS load_seq, CAST(0 AS BIGINT) AS spans, CAST(count(*) AS BIGINT) AS records
    FROM ledger.logs AS l
    WHERE l.load_seq > $floor AND l.span_id IS NOT NULL AND l.event_name IN $events
        AND l.logged_at >= $since AND l.logged_at < $until
        AND $dialect = '*'
        AND ($service = '*' OR coalesce(l.service, '') = $service)
    GROUP BY l.load_seq
) AS n
GROUP BY n.load_seq
ORDER BY n.load_seq
