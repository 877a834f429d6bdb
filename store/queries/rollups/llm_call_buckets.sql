-- Durations and times to first token of model calls of some hours, counted per logarithmic bucket.
SELECT
    hour_of(t.started_at) AS hour_at,
    'llm_call' AS subject,
    'duration_ms' AS measure,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    coalesce(t.response_model, t.request_model) AS model,
    CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END AS outcome,
    bucket_of(t.duration_ms) AS bucket,
    count(*) AS events
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.duration_ms IS NOT NULL
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose,
    coalesce(t.response_model, t.request_model), CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END, bucket_of(t.duration_ms)
UNION ALL
SELECT
    hour_of(t.started_at) AS hour_at,
    'llm_call' AS subject,
    'ttft_ms' AS measure,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    coalesce(t.response_model, t.request_model) AS model,
    CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END AS outcome,
    bucket_of(t.ttft_ms) AS bucket,
    count(*) AS events
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.ttft_ms IS NOT NULL
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose,
    coalesce(t.response_model, t.request_model), CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END, bucket_of(t.ttft_ms)
