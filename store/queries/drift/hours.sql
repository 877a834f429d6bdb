-- What every hour holds, in a few sums: whether it changed since a detector read it. Adding an hour up again moves the last bits of a time.
SELECT
    h.hour_at AS hour_at,
    count(*) AS row_count,
    sum(h.events) AS events,
    coalesce(sum(CASE WHEN h.outcome IN ('failure', 'error') THEN h.events ELSE 0 END), 0) AS failures,
    round(coalesce(sum(h.duration_ms), 0), -2) AS duration_ms,
    coalesce(sum(h.output_tokens), 0) AS output_tokens,
    coalesce(sum(h.liked), 0) AS liked,
    coalesce(sum(h.unpriced_calls), 0) AS unpriced_calls
FROM ledger.hourly AS h
WHERE h.purpose = 'production' AND h.hour_at >= $since AND h.hour_at < $until
    AND h.subject IN ('run', 'llm_call', 'tool_call')
GROUP BY h.hour_at
ORDER BY hour_at
