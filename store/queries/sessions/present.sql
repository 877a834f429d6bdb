-- Cases that the asked conversations have now, and when they closed.
SELECT s.conversation_id, s.case_id, max(c.closed_at) AS case_closed_at
FROM ledger.sessions AS s
LEFT JOIN ledger.cases AS c ON c.case_id = s.case_id
WHERE s.conversation_id IN (SELECT a.conversation_id FROM asked AS a)
GROUP BY s.conversation_id, s.case_id
ORDER BY s.conversation_id, s.case_id
