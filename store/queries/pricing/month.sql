-- What the model calls of a stretch of time cost, by model.
SELECT
    coalesce(t.response_model, t.request_model) AS model,
    count(*) AS calls,
    sum(CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END) AS unpriced_calls,
    usd(sum(t.cost_usd)) AS cost_usd
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
GROUP BY coalesce(t.response_model, t.request_model)
ORDER BY model NULLS LAST
