-- Durations of tool calls of some hours, counted per logarithmic bucket.
SELECT
    hour_of(t.started_at) AS hour_at,
    'tool_call' AS subject,
    'duration_ms' AS measure,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    t.tool,
    t.status AS outcome,
    bucket_of(t.duration_ms) AS bucket,
    count(*) AS events
FROM ledger.tool_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.duration_ms IS NOT NULL
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose,
    t.tool, t.status, bucket_of(t.duration_ms)
