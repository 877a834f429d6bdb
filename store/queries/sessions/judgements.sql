-- Users' judgements on whole sessions of the asked conversations.
SELECT t.target_id AS conversation_id, t.scored_at, t.value
FROM ledger.scores AS t
WHERE t.target = 'session' AND t.source = 'user' AND t.value IS NOT NULL
    AND t.target_id IN (SELECT a.conversation_id FROM asked AS a)
ORDER BY t.target_id, t.scored_at, t.value
