-- What calls of models on machines of one's own were charged, and since when they were seen.
SELECT t.price_model AS price_model, CAST(count(*) AS BIGINT) AS calls, usd(sum(t.cost_usd)) AS total_usd, min(t.started_at) AS first_at
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.price_model IN (SELECT m.price_model FROM machines AS m)
GROUP BY t.price_model
