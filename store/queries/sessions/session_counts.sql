-- How many sessions the asked conversations have had.
SELECT t.conversation_id, count(*) AS sessions
FROM ledger.sessions AS t
WHERE t.conversation_id IN (SELECT a.conversation_id FROM asked AS a)
GROUP BY t.conversation_id
