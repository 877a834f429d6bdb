-- Conversations of more than one run, or that may have more, by when their sessions ended.
SELECT t.conversation_id
FROM ledger.sessions AS t
WHERE t.last_at >= $first AND t.last_at < $until AND t.is_conversation
