-- Model calls without a complete price, by model and why.
SELECT
    t.provider AS provider,
    coalesce(t.response_model, t.request_model) AS model,
    t.cost_status AS cost_status,
    count(*) AS calls,
    sum(t.input_tokens) AS input_tokens,
    sum(t.output_tokens) AS output_tokens,
    max(t.started_at) AS last_at
FROM ledger.llm_calls AS t
WHERE t.cost_status NOT IN ('priced', 'free') AND t.started_at >= $start AND t.started_at < $until
    AND ('*' IN $agents OR t.agent IN $agents)
    AND ('*' IN $environments OR t.environment IN $environments)
    AND ('*' IN $services OR t.service IN $services)
    AND ('*' IN $purposes OR t.purpose IN $purposes)
    AND ('*' IN $models OR coalesce(t.response_model, t.request_model) IN $models)
GROUP BY t.provider, coalesce(t.response_model, t.request_model), t.cost_status
ORDER BY count(*) DESC, coalesce(t.response_model, t.request_model) NULLS LAST, t.cost_status, t.provider NULLS LAST
LIMIT 50
