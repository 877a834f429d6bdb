-- The last session that each of the asked conversations has had.
SELECT t.conversation_id, argMax(t.session_id, t.started_at) AS last_session_id
FROM ledger.sessions AS t
WHERE t.conversation_id IN (SELECT a.conversation_id FROM asked AS a)
GROUP BY t.conversation_id
