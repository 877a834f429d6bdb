-- Spans of each service by the dialect they were read as, in a period.
SELECT
    s.service AS service,
    s.dialect AS dialect,
    count(*) AS spans,
    sum(CASE WHEN s.kind IN ('llm', 'embedding') THEN 1 ELSE 0 END) AS model_spans,
    max(s.started_at) AS last_at
FROM ledger.spans AS s
WHERE s.started_at >= $since AND s.started_at < $until
GROUP BY s.service, s.dialect
ORDER BY s.service, s.dialect
