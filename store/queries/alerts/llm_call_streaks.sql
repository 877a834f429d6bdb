-- How many model calls failed in a row up to the end of the window, by the asked dimensions: those after the last success.
SELECT
    m.service AS service,
    m.environment AS environment,
    m.tenant AS tenant,
    m.agent AS agent,
    m.agent_version AS agent_version,
    m.purpose AS purpose,
    m.user_id AS user_id,
    m.model AS model,
    sum(CASE WHEN m.is_failure = 1 AND (m.last_ok_at IS NULL OR m.started_at > m.last_ok_at) THEN 1 ELSE 0 END) AS value,
    count(*) AS n
FROM (
    SELECT
        f.service AS service,
        f.environment AS environment,
        f.tenant AS tenant,
        f.agent AS agent,
        f.agent_version AS agent_version,
        f.purpose AS purpose,
        f.user_id AS user_id,
        f.model AS model,
        f.started_at AS started_at,
        f.is_failure AS is_failure,
        max(CASE WHEN f.is_failure = 0 THEN f.started_at END) OVER (PARTITION BY f.service, f.environment, f.tenant, f.agent, f.agent_version, f.purpose, f.user_id, f.model) AS last_ok_at
    FROM (
        SELECT
            CASE WHEN $by_service THEN t.service END AS service,
            CASE WHEN $by_environment THEN t.environment END AS environment,
            CASE WHEN $by_tenant THEN t.tenant END AS tenant,
            CASE WHEN $by_agent THEN t.agent END AS agent,
            CASE WHEN $by_agent_version THEN t.agent_version END AS agent_version,
            CASE WHEN $by_purpose THEN t.purpose END AS purpose,
            CASE WHEN $by_user_id THEN t.user_id END AS user_id,
            -- Of a call that failed nobody knows the model that would have answered: what was asked for is the same of both.
            CASE WHEN $by_model THEN coalesce(t.request_model, t.response_model) END AS model,
            t.started_at AS started_at,
            CASE WHEN t.status = 'error' THEN 1 ELSE 0 END AS is_failure
        FROM ledger.llm_calls AS t
        WHERE t.started_at >= $start AND t.started_at < $end
            AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
            AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
            AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
            AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
            AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
            AND ('*' IN $in_purpose OR coalesce(t.purpose, '') IN $in_purpose)
            AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
            AND ('*' IN $in_model OR coalesce(t.request_model, t.response_model, '') IN $in_model)
    ) AS f
) AS m
GROUP BY m.service, m.environment, m.tenant, m.agent, m.agent_version, m.purpose, m.user_id, m.model
