-- What was observed of a provider by day and model, to compare with its bill.
SELECT
    day_of(t.started_at) AS day_at,
    coalesce(t.response_model, t.request_model) AS model,
    count(*) AS calls,
    sum(t.input_tokens) AS tokens_in,
    sum(t.output_tokens) AS tokens_out,
    usd(sum(t.cost_usd)) AS total_usd,
    sum(CASE WHEN t.cost_status IN ('unpriced_model', 'partial', 'inconsistent') THEN 1 ELSE 0 END) AS unpriced,
    sum(CASE WHEN t.cost_status = 'no_usage' THEN 1 ELSE 0 END) AS without_usage
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND ('*' IN $providers OR coalesce(t.provider, '') IN $providers)
GROUP BY day_of(t.started_at), coalesce(t.response_model, t.request_model)
ORDER BY day_at, model NULLS LAST
