-- The latest runs that failed in a window; with a tool, the runs in which it failed.
SELECT
    t.trace_id AS trace_id,
    t.run_id AS run_id,
    t.agent AS agent,
    t.started_at AS started_at,
    t.failure_class AS failure_class
FROM ledger.runs AS t
WHERE (t.outcome = 'failure' OR NOT '*' IN $in_tool) AND t.started_at >= $start AND t.started_at < $end
    AND ('*' IN $in_service OR coalesce(t.service, '') IN $in_service)
    AND ('*' IN $in_environment OR coalesce(t.environment, '') IN $in_environment)
    AND ('*' IN $in_tenant OR coalesce(t.tenant, '') IN $in_tenant)
    AND ('*' IN $in_agent OR coalesce(t.agent, '') IN $in_agent)
    AND ('*' IN $in_agent_version OR coalesce(t.agent_version, '') IN $in_agent_version)
    AND ('*' IN $in_user_id OR coalesce(t.user_id, '') IN $in_user_id)
    AND ('*' IN $in_purpose OR coalesce(t.purpose, '') IN $in_purpose)
    AND ('*' IN $in_tool OR t.run_id IN (
        SELECT c.run_id FROM ledger.tool_calls AS c
        WHERE c.started_at >= $start AND c.started_at < $end AND c.tool IN $in_tool AND c.status = 'error'
    ))
ORDER BY t.started_at DESC, t.run_id
LIMIT $max_rows
