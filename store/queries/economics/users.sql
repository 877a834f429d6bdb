-- What the runs of each known user cost, and how much they did.
SELECT
    t.user_id AS user_id,
    usd(sum(t.cost_usd)) AS total_usd,
    count(*) AS runs,
    count(DISTINCT coalesce(t.session_id, t.run_id)) AS sessions,
    sum(t.unpriced_calls) AS unpriced
FROM ledger.runs AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.purpose = 'production' AND t.user_id IS NOT NULL
GROUP BY t.user_id
ORDER BY t.user_id
