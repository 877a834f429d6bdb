-- What was used in a stretch of time, in every unit a budget can have, by the asked dimensions; the most expensive first.
SELECT
    f.service,
    f.environment,
    f.tenant,
    f.agent,
    f.agent_version,
    f.purpose,
    f.model,
    f.user_id,
    f.session_id,
    usd(sum(f.cost_usd)) AS cost_usd,
    sum(f.unpriced_calls) AS unpriced_calls,
    sum(f.input_tokens) AS input_tokens,
    sum(f.output_tokens) AS output_tokens,
    sum(f.input_tokens) + sum(f.output_tokens) AS tokens,
    sum(f.llm_calls) AS llm_calls,
    sum(f.tool_calls) AS tool_calls,
    sum(f.runs) AS runs,
    count(DISTINCT f.session_key) AS sessions
FROM (
    SELECT
        CASE WHEN $by_service THEN t.service END AS service,
        CASE WHEN $by_environment THEN t.environment END AS environment,
        CASE WHEN $by_tenant THEN t.tenant END AS tenant,
        CASE WHEN $by_agent THEN t.agent END AS agent,
        CASE WHEN $by_agent_version THEN t.agent_version END AS agent_version,
        CASE WHEN $by_purpose THEN t.purpose END AS purpose,
        CASE WHEN $by_model THEN coalesce(t.response_model, t.request_model) END AS model,
        CASE WHEN $by_user_id THEN t.user_id END AS user_id,
        CASE WHEN $by_session_id THEN t.session_id END AS session_id,
        CAST(t.cost_usd AS DECIMAL(38, 12)) AS cost_usd,
        CASE WHEN t.cost_status IN ('priced', 'free') THEN 0 ELSE 1 END AS unpriced_calls,
        coalesce(t.input_tokens, 0) AS input_tokens,
        coalesce(t.output_tokens, 0) AS output_tokens,
        1 AS llm_calls,
        0 AS tool_calls,
        0 AS runs,
        CAST(NULL AS VARCHAR) AS session_key
    FROM ledger.llm_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until
        AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
        AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
        AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
        AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
        AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
        AND ('*' IN $in_purpose OR coalesce(t.purpose, '') IN $in_purpose)
        AND ('*' IN $in_model OR coalesce(coalesce(t.response_model, t.request_model), '') IN $in_model)
        AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
        AND ('*' IN $in_session_id OR coalesce(t.session_id, '') IN $in_session_id)
    UNION ALL
    SELECT
        CASE WHEN $by_service THEN t.service END AS service,
        CASE WHEN $by_environment THEN t.environment END AS environment,
        CASE WHEN $by_tenant THEN t.tenant END AS tenant,
        CASE WHEN $by_agent THEN t.agent END AS agent,
        CASE WHEN $by_agent_version THEN t.agent_version END AS agent_version,
        CASE WHEN $by_purpose THEN t.purpose END AS purpose,
        CASE WHEN $by_model THEN CAST(NULL AS VARCHAR) END AS model,
        CASE WHEN $by_user_id THEN t.user_id END AS user_id,
        CASE WHEN $by_session_id THEN t.session_id END AS session_id,
        CAST(t.cost_usd AS DECIMAL(38, 12)) AS cost_usd,
        0 AS unpriced_calls,
        0 AS input_tokens,
        0 AS output_tokens,
        0 AS llm_calls,
        1 AS tool_calls,
        0 AS runs,
        CAST(NULL AS VARCHAR) AS session_key
    FROM ledger.tool_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until
        AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
        AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
        AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
        AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
        AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
        AND ('*' IN $in_purpose OR coalesce(t.purpose, '') IN $in_purpose)
        AND ('*' IN $in_model OR coalesce(CAST(NULL AS VARCHAR), '') IN $in_model)
        AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
        AND ('*' IN $in_session_id OR coalesce(t.session_id, '') IN $in_session_id)
        AND NOT $has_model
    UNION ALL
    SELECT
        CASE WHEN $by_service THEN t.service END AS service,
        CASE WHEN $by_environment THEN t.environment END AS environment,
        CASE WHEN $by_tenant THEN t.tenant END AS tenant,
        CASE WHEN $by_agent THEN t.agent END AS agent,
        CASE WHEN $by_agent_version THEN t.agent_version END AS agent_version,
        CASE WHEN $by_purpose THEN t.purpose END AS purpose,
        CASE WHEN $by_model THEN CAST(NULL AS VARCHAR) END AS model,
        CASE WHEN $by_user_id THEN t.user_id END AS user_id,
        CASE WHEN $by_session_id THEN t.session_id END AS session_id,
        CAST(NULL AS DECIMAL(38, 12)) AS cost_usd,
        0 AS unpriced_calls,
        0 AS input_tokens,
        0 AS output_tokens,
        0 AS llm_calls,
        0 AS tool_calls,
        1 AS runs,
        coalesce(t.session_id, t.run_id) AS session_key
    FROM ledger.runs AS t
    WHERE t.started_at >= $first AND t.started_at < $until
        AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
        AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
        AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
        AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
        AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
        AND ('*' IN $in_purpose OR coalesce(t.purpose, '') IN $in_purpose)
        AND ('*' IN $in_model OR coalesce(CAST(NULL AS VARCHAR), '') IN $in_model)
        AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
        AND ('*' IN $in_session_id OR coalesce(t.session_id, '') IN $in_session_id)
        AND NOT $has_model
) AS f
GROUP BY f.service, f.environment, f.tenant, f.agent, f.agent_version, f.purpose, f.model, f.user_id, f.session_id
ORDER BY sum(f.cost_usd) DESC NULLS LAST, sum(f.input_tokens) DESC, f.service, f.environment, f.tenant, f.agent, f.agent_version, f.purpose, f.model, f.user_id, f.session_id
LIMIT $max_rows
