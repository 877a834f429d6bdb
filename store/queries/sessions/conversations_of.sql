-- Conversations of some sessions.
SELECT t.session_id, t.conversation_id
FROM ledger.sessions AS t
WHERE t.session_id IN (SELECT a.session_id FROM asked AS a)
