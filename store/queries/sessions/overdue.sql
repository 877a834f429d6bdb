-- Open sessions whose time to close has come.
SELECT t.conversation_id, t.started_at
FROM ledger.sessions AS t
WHERE t.closed_at IS NULL AND t.closes_at <= $now
ORDER BY t.closes_at, t.session_id
LIMIT $max_rows
