-- Cases that closed in some hours, added up per dimensions.
SELECT
    hour_of(t.closed_at) AS hour_at,
    'case' AS subject,
    t.service,
    t.environment,
    t.agent,
    t.agent_version,
    t.purpose,
    t.outcome,
    count(*) AS events,
    usd(sum(t.cost_usd)) AS cost_usd,
    sum(t.unpriced_calls) AS unpriced_calls,
    0 AS timed_events
FROM ledger.cases AS t
WHERE t.closed_at >= $first AND t.closed_at < $until
    AND hour_of(t.closed_at) IN (SELECT h.hour_at FROM hours AS h)
GROUP BY
    hour_of(t.closed_at), t.service, t.environment, t.agent, t.agent_version, t.purpose, t.outcome
