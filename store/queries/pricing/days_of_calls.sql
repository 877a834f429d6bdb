-- Days on which model calls started, within bounds.
SELECT day_of(t.started_at) AS day, count(*) AS calls
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
GROUP BY day_of(t.started_at)
ORDER BY day_of(t.started_at)
