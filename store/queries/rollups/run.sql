-- Runs of some hours, added up per dimensions. Token counts beyond 10^12 are no counts: a sum of them would not fit.
SELECT
    hour_of(t.started_at) AS hour_at,
    'run' AS subject,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    t.outcome,
    t.failure_class,
    count(*) AS events,
    sum(CASE WHEN t.input_tokens BETWEEN 0 AND 1000000000000 THEN t.input_tokens END) AS input_tokens,
    sum(CASE WHEN t.output_tokens BETWEEN 0 AND 1000000000000 THEN t.output_tokens END) AS output_tokens,
    usd(sum(t.cost_usd)) AS cost_usd,
    sum(t.unpriced_calls) AS unpriced_calls,
    sum(t.steps) AS steps,
    sum(t.retries) AS retries,
    count(t.feedback) AS rated,
    sum(CASE WHEN t.feedback > 0 THEN 1 ELSE 0 END) AS liked,
    count(t.duration_ms) AS timed_events,
    sum(t.duration_ms) AS duration_ms
FROM ledger.runs AS t
WHERE t.started_at >= $first AND t.started_at < $until
    AND hour_of(t.started_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.started_at), t.service, t.environment, t.agent, t.agent_version, t.purpose, t.outcome, t.failure_class
