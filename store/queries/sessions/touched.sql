-- The work list of the session job, oldest first.
SELECT t.load_seq, t.session_id, t.started_at
FROM ledger.touched_sessions AS t
ORDER BY t.load_seq, t.session_id, t.started_at
LIMIT $max_rows
