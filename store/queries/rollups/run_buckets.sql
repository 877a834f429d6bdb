-- Durations and costs of runs of some hours, counted per logarithmic bucket.
SELECT
    hour_of(t.started_at) AS hour_at,
    'run' AS subject,
    'duration_ms' AS measure,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    t.outcome,
    bucket_of(t.duration_ms) AS bucket,
    count(*) AS events
FROM ledger.runs AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.duration_ms IS NOT NULL
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose,
    t.outcome, bucket_of(t.duration_ms)
UNION ALL
SELECT
    hour_of(t.started_at) AS hour_at,
    'run' AS subject,
    'cost_usd' AS measure,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    t.outcome,
    bucket_of(t.cost_usd) AS bucket,
    count(*) AS events
FROM ledger.runs AS t
WHERE t.started_at >= $first AND t.started_at < $until AND t.cost_usd IS NOT NULL
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose,
    t.outcome, bucket_of(t.cost_usd)
