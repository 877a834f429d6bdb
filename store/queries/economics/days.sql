-- What model and tool calls cost by day.
SELECT d.day_at AS day_at, usd(sum(d.cost_usd)) AS total_usd, sum(d.unpriced) AS unpriced_calls
FROM (
    SELECT
        day_of(t.started_at) AS day_at,
        CAST(t.cost_usd AS DECIMAL(38, 12)) AS cost_usd,
        CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END AS unpriced
    FROM ledger.llm_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until
    UNION ALL
    SELECT day_of(t.started_at) AS day_at, CAST(t.cost_usd AS DECIMAL(38, 12)) AS cost_usd, 0 AS unpriced
    FROM ledger.tool_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until
) AS d
GROUP BY d.day_at
ORDER BY d.day_at
