-- Money that bought nothing, by kind: overlapping kinds are not added up. `unpriced`: calls whose price is missing in the sum.
SELECT 'failed runs' AS kind, CAST(count(*) AS BIGINT) AS events, usd(sum(t.cost_usd)) AS total_usd, CAST(coalesce(sum(t.unpriced_calls), 0) AS BIGINT) AS unpriced
FROM ledger.runs AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.outcome = 'failure'
UNION ALL
SELECT 'loops in runs' AS kind, CAST(count(*) AS BIGINT) AS events,
    usd(round(sum(CAST(t.cost_usd AS DOUBLE) * least(t.loops, t.steps) / nullif(t.steps, 0)), 6)) AS total_usd,
    CAST(coalesce(sum(t.unpriced_calls), 0) AS BIGINT) AS unpriced
FROM ledger.runs AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.loops > 0
UNION ALL
SELECT 'retried model calls' AS kind, CAST(count(*) AS BIGINT) AS events, usd(sum(t.cost_usd)) AS total_usd,
    CAST(coalesce(sum(CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END), 0) AS BIGINT) AS unpriced
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.is_retry
UNION ALL
SELECT 'failed model calls' AS kind, CAST(count(*) AS BIGINT) AS events, usd(sum(t.cost_usd)) AS total_usd,
    CAST(coalesce(sum(CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END), 0) AS BIGINT) AS unpriced
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.status = 'error'
UNION ALL
SELECT 'failed tool calls' AS kind, CAST(count(*) AS BIGINT) AS events, usd(sum(t.cost_usd)) AS total_usd, CAST(count(*) - count(t.cost_usd) AS BIGINT) AS unpriced
FROM ledger.tool_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.status = 'error'
UNION ALL
SELECT 'abandoned sessions' AS kind, CAST(count(*) AS BIGINT) AS events, usd(sum(t.cost_usd)) AS total_usd, CAST(coalesce(sum(t.unpriced_calls), 0) AS BIGINT) AS unpriced
FROM ledger.sessions AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.outcome = 'abandoned'
UNION ALL
SELECT 'repeated identical tool calls' AS kind, CASE WHEN count(*) > 0 THEN CAST(sum(f.again) AS BIGINT) END AS events, usd(round(sum(f.again_usd), 6)) AS total_usd,
    CAST(coalesce(sum(f.unpriced), 0) AS BIGINT) AS unpriced
FROM (
    SELECT count(*) - 1 AS again, CAST(sum(t.cost_usd) AS DOUBLE) * (count(*) - 1) / count(*) AS again_usd, count(*) - count(t.cost_usd) AS unpriced
    FROM ledger.tool_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until AND t.status = 'ok' AND t.arguments IS NOT NULL
    GROUP BY t.run_id, t.tool, t.arguments
    HAVING count(*) > 1
) AS f
