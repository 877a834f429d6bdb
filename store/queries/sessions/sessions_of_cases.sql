-- All sessions of some cases.
SELECT
    t.session_id, t.conversation_id, t.is_conversation, t.case_id, t.case_opened_at,
    t.user_id, t.service, t.environment, t.tenant, t.agent, t.agent_version, t.purpose, t.prompt_name, t.prompt_version,
    t.started_at, t.last_at, t.closes_at, t.closed_at, t.outcome, t.runs, t.cost_usd, t.unpriced_calls
FROM ledger.sessions AS t
WHERE t.started_at >= $since AND t.case_id IN (SELECT c.case_id FROM known_cases AS c)
