-- All sessions of some cases.
SELECT t.conversation_id, t.session_id, t.case_id, t.case_opened_at, t.started_at
FROM ledger.sessions AS t
WHERE t.started_at >= $since AND t.case_id IN (SELECT c.case_id FROM known_cases AS c)
