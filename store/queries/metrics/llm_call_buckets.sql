-- Values of one measure of model calls per logarithmic bucket, by bin of time and the asked dimensions.
SELECT
    f.bin,
    f.service,
    f.environment,
    f.tenant,
    f.agent,
    f.agent_version,
    f.purpose,
    f.model,
    f.tool,
    f.user_id,
    f.bucket,
    sum(f.events) AS events
FROM (
    SELECT
        CAST(floor(date_diff('second', $start, t.started_at) / $bin_s) AS BIGINT) AS bin,
        CASE WHEN $by_service THEN t.service END AS service,
        CASE WHEN $by_environment THEN t.environment END AS environment,
        CASE WHEN $by_tenant THEN t.tenant END AS tenant,
        CASE WHEN $by_agent THEN t.agent END AS agent,
        CASE WHEN $by_agent_version THEN t.agent_version END AS agent_version,
        CASE WHEN $by_purpose THEN t.purpose END AS purpose,
        CASE WHEN $by_model THEN coalesce(t.response_model, t.request_model) END AS model,
        CAST(NULL AS VARCHAR) AS tool,
        CASE WHEN $by_user_id THEN t.user_id END AS user_id,
        bucket_of(CASE WHEN $measure = 'duration_ms' THEN CAST(t.duration_ms AS DOUBLE) WHEN $measure = 'ttft_ms' THEN CAST(t.ttft_ms AS DOUBLE) END) AS bucket,
        1 AS events
    FROM ledger.llm_calls AS t
    WHERE t.started_at >= $first AND t.started_at < $until
        AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
        AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
        AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
        AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
        AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
        AND ('*' IN $in_purpose OR coalesce(t.purpose, '') IN $in_purpose)
        AND ('*' IN $in_model OR coalesce(coalesce(t.response_model, t.request_model), '') IN $in_model)
        AND ('*' IN $in_tool OR '' IN $in_tool)
        AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
) AS f
WHERE f.bucket IS NOT NULL
GROUP BY f.bin, f.service, f.environment, f.tenant, f.agent, f.agent_version, f.purpose, f.model, f.tool, f.user_id, f.bucket
