-- Days on which model or tool calls started, within bounds.
SELECT d.day AS day, sum(d.calls) AS calls
FROM (
    SELECT day_of(t.started_at) AS day, count(*) AS calls
    FROM ledger.llm_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until
    GROUP BY day_of(t.started_at)
    UNION ALL
    SELECT day_of(t.started_at) AS day, count(*) AS calls
    FROM ledger.tool_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until
    GROUP BY day_of(t.started_at)
) AS d
GROUP BY d.day
ORDER BY d.day
