-- How many runs of a window show what an alert is about ($matter), of how many, and of how many users.
SELECT
    count(*) AS all_runs,
    sum(CASE WHEN r.shows THEN 1 ELSE 0 END) AS showing_runs,
    count(DISTINCT CASE WHEN r.shows THEN r.user_id END) AS showing_users
FROM (
    SELECT
        t.trace_id AS trace_id,
        t.run_id AS run_id,
        t.user_id AS user_id,
        t.agent AS agent,
        t.started_at AS started_at,
        t.outcome AS outcome,
        t.failure_class AS failure_class,
        t.duration_ms AS duration_ms,
        t.cost_usd AS cost_usd,
        coalesce(t.input_tokens, 0) + coalesce(t.output_tokens, 0) AS tokens,
        CASE $matter
            WHEN 'failing' THEN CASE WHEN '*' IN $in_tool THEN t.outcome = 'failure' ELSE t.run_id IN (
                SELECT c.run_id FROM ledger.tool_calls AS c
                WHERE c.started_at >= $start AND c.started_at < $end AND c.tool IN $in_tool AND c.status = 'error'
            ) END
            WHEN 'escalated' THEN t.outcome = 'escalated'
            WHEN 'unanswered' THEN NOT t.has_answer
            WHEN 'disliked' THEN t.feedback < 0
            ELSE true
        END AS shows
    FROM ledger.runs AS t
    WHERE t.started_at >= $start AND t.started_at < $end
        AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
        AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
        AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
        AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
        AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
        AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
        AND ('*' IN $in_failure_class OR coalesce(t.failure_class, '') IN $in_failure_class)
        AND ('*' IN $in_purpose OR coalesce(t.purpose, '') IN $in_purpose)
        AND ('*' IN $in_tool OR t.run_id IN (
            SELECT c.run_id FROM ledger.tool_calls AS c
            WHERE c.started_at >= $start AND c.started_at < $end AND c.tool IN $in_tool
        ))
        AND ('*' IN $in_model OR t.run_id IN (
            SELECT c.run_id FROM ledger.llm_calls AS c
            WHERE c.started_at >= $start AND c.started_at < $end
                AND coalesce(c.response_model, c.request_model, '') IN $in_model
        ))
) AS r
