-- One session.
SELECT
    s.session_id AS session_id,
    s.conversation_id AS conversation_id,
    s.is_conversation AS is_conversation,
    s.case_id AS case_id,
    s.user_id AS user_id,
    s.agent AS agent,
    s.service AS service,
    s.environment AS environment,
    s.tenant AS tenant,
    s.started_at AS started_at,
    s.last_at AS last_at,
    s.closes_at AS closes_at,
    s.closed_at AS closed_at,
    s.outcome AS outcome,
    s.reopened AS reopened,
    s.runs AS runs,
    s.cost_usd AS cost_usd,
    s.unpriced_calls AS unpriced_calls
FROM ledger.sessions AS s
WHERE s.session_id = $session_id
LIMIT 1
