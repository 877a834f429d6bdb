-- Cases with a session of the asked conversations that ended at a time from which on something may change.
SELECT DISTINCT t.case_id, t.case_opened_at
FROM ledger.sessions AS t
INNER JOIN asked AS a ON a.conversation_id = t.conversation_id
WHERE t.last_at >= $since AND t.last_at >= a.reach_from
