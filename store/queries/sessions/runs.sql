-- Runs of the asked conversations, each from its own time on; a run without a conversation id is one of its own.
SELECT
    coalesce(r.session_id, r.run_id) AS conversation_id,
    r.session_id IS NULL AS is_alone,
    r.run_id,
    r.user_id,
    r.service,
    r.environment,
    r.tenant,
    r.agent,
    r.agent_version,
    r.purpose,
    r.prompt_name,
    r.prompt_version,
    r.started_at,
    r.ended_at,
    r.outcome,
    r.explicit_outcome,
    r.feedback,
    r.complete,
    r.has_answer,
    r.cost_usd,
    r.unpriced_calls,
    CAST(1 AS BIGINT) AS run_count
FROM ledger.runs AS r
INNER JOIN asked AS a ON a.conversation_id = coalesce(r.session_id, r.run_id)
WHERE r.started_at >= $since AND r.started_at >= a.runs_from
ORDER BY coalesce(r.session_id, r.run_id), r.started_at, r.run_id
