-- What was observed by day, provider, model and what the bill calls a project, to compare with a provider's bill.
SELECT
    day_of(t.started_at) AS day_at,
    t.provider AS provider,
    coalesce(t.response_model, t.request_model) AS model,
    CASE $project WHEN 'service' THEN t.service WHEN 'environment' THEN t.environment WHEN 'tenant' THEN t.tenant
        WHEN 'agent' THEN t.agent END AS project,
    count(*) AS calls,
    sum(t.input_tokens) AS tokens_in,
    sum(t.output_tokens) AS tokens_out,
    usd(sum(t.cost_usd)) AS total_usd,
    sum(CASE WHEN t.cost_status IN ('unpriced_model', 'partial', 'inconsistent') THEN 1 ELSE 0 END) AS unpriced,
    sum(CASE WHEN t.cost_status = 'no_usage' THEN 1 ELSE 0 END) AS without_usage
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
GROUP BY
    day_of(t.started_at),
    t.provider,
    coalesce(t.response_model, t.request_model),
    CASE $project WHEN 'service' THEN t.service WHEN 'environment' THEN t.environment WHEN 'tenant' THEN t.tenant
        WHEN 'agent' THEN t.agent END
ORDER BY day_at, provider NULLS LAST, model NULLS LAST, project NULLS LAST
