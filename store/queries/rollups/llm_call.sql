-- Model calls of some hours, added up per dimensions. Token counts beyond 10^12 are no counts: a sum of them would not fit.
SELECT
    hour_of(t.started_at) AS hour_at,
    'llm_call' AS subject,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    coalesce(t.response_model, t.request_model) AS model,
    CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END AS outcome,
    t.failure_class,
    count(*) AS events,
    sum(CASE WHEN t.input_tokens BETWEEN 0 AND 1000000000000 THEN t.input_tokens END) AS input_tokens,
    sum(CASE WHEN t.cache_read_tokens BETWEEN 0 AND 1000000000000 THEN t.cache_read_tokens END) AS cache_read_tokens,
    sum(CASE WHEN t.cache_write_tokens BETWEEN 0 AND 1000000000000 THEN t.cache_write_tokens END) AS cache_write_tokens,
    sum(CASE WHEN t.output_tokens BETWEEN 0 AND 1000000000000 THEN t.output_tokens END) AS output_tokens,
    sum(CASE WHEN t.reasoning_tokens BETWEEN 0 AND 1000000000000 THEN t.reasoning_tokens END) AS reasoning_tokens,
    usd(sum(t.cost_usd)) AS cost_usd,
    sum(CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END) AS unpriced_calls,
    sum(coalesce(t.retries, 0)) AS retries,
    count(t.duration_ms) AS timed_events,
    sum(t.duration_ms) AS duration_ms
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose,
    coalesce(t.response_model, t.request_model), CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END,
    t.failure_class
