-- Models of calls that have no full price, most calls first.
SELECT
    t.provider AS provider,
    coalesce(t.response_model, t.request_model) AS model,
    t.cost_status AS cost_status,
    count(*) AS calls,
    sum(t.input_tokens) AS input_tokens,
    sum(t.output_tokens) AS output_tokens,
    min(t.started_at) AS first_at,
    max(t.started_at) AS last_at,
    max(concat(t.trace_id, '/', t.span_id)) AS example
FROM ledger.llm_calls AS t
WHERE t.cost_status NOT IN ('priced', 'free') AND t.started_at >= $first AND t.started_at < $until
GROUP BY t.provider, coalesce(t.response_model, t.request_model), t.cost_status
ORDER BY calls DESC, provider NULLS LAST, model NULLS LAST, t.cost_status
LIMIT $max_rows
