-- Conversations with an open session whose time to close has come.
SELECT conversation_id
FROM ledger.sessions
WHERE closed_at IS NULL AND closes_at <= $now
GROUP BY conversation_id
ORDER BY min(closes_at), conversation_id
LIMIT $max_rows
