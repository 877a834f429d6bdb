-- Traces with a span that started within a stretch of time, with the load that brought the first of these.
SELECT
    s.trace_id AS trace_id,
    min(s.load_seq) AS since_load
FROM ledger.spans AS s
WHERE s.started_at >= $since AND s.started_at < $until
GROUP BY s.trace_id
ORDER BY s.trace_id
