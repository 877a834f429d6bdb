-- All sessions of some cases, and whether retention has deleted runs of the hours in which they began or ended.
SELECT
    t.session_id, t.conversation_id, t.is_conversation, t.case_id, t.case_opened_at,
    t.user_id, t.service, t.environment, t.tenant, t.agent, t.agent_version, t.purpose, t.prompt_name, t.prompt_version,
    t.started_at, t.last_at, t.closes_at, t.closed_at, t.outcome, t.runs, t.cost_usd, t.unpriced_calls,
    hour_of(t.started_at) IN (SELECT e.hour_at FROM ledger.expired_hours AS e WHERE e.subject = 'run')
        OR hour_of(t.last_at) IN (SELECT f.hour_at FROM ledger.expired_hours AS f WHERE f.subject = 'run') AS has_expired
FROM ledger.sessions AS t
WHERE t.started_at >= $since AND t.case_id IN (SELECT c.case_id FROM known_cases AS c)
