-- All sessions, by conversation.
SELECT t.*
FROM ledger.sessions AS t
ORDER BY t.conversation_id, t.started_at, t.session_id
