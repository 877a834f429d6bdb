-- Cases that closed in a stretch of time, added up by outcome and the asked dimensions; squares for intervals.
SELECT
    CASE WHEN $by_service THEN t.service END AS by_service,
    CASE WHEN $by_environment THEN t.environment END AS by_environment,
    CASE WHEN $by_tenant THEN t.tenant END AS by_tenant,
    CASE WHEN $by_agent THEN t.agent END AS by_agent,
    CASE WHEN $by_agent_version THEN t.agent_version END AS by_agent_version,
    CASE WHEN $by_prompt_version THEN t.prompt_version END AS by_prompt_version,
    CASE WHEN $by_user_id THEN t.user_id END AS by_user_id,
    t.outcome AS outcome,
    count(*) AS cases,
    sum(CASE WHEN t.sessions > 1 THEN 1 ELSE 0 END) AS reopened,
    count(t.cost_usd) AS priced_cases,
    usd(sum(t.cost_usd)) AS total_usd,
    sum(CAST(t.cost_usd AS DOUBLE) * CAST(t.cost_usd AS DOUBLE)) AS squares,
    sum(t.unpriced_calls) AS unpriced
FROM ledger.cases AS t
WHERE t.closed_at >= $first AND t.closed_at < $until AND t.purpose = 'production'
    AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
    AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
    AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
    AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
    AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
    AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
GROUP BY by_service, by_environment, by_tenant, by_agent, by_agent_version, by_prompt_version, by_user_id, t.outcome
ORDER BY by_service NULLS LAST, by_environment NULLS LAST, by_tenant NULLS LAST, by_agent NULLS LAST, by_agent_version NULLS LAST, by_prompt_version NULLS LAST, by_user_id NULLS LAST, t.outcome NULLS LAST
