-- The work list of the session job, oldest first.
SELECT load_seq, session_id
FROM ledger.touched_sessions
ORDER BY load_seq, session_id
LIMIT $max_rows
