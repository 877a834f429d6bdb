-- Closed sessions of conversations of which no run is left; an open one stays: the job that closes it would miss it.
SELECT s.session_id AS session_id, s.started_at AS started_at
FROM ledger.sessions AS s
WHERE s.closed_at IS NOT NULL
    AND s.conversation_id NOT IN (SELECT coalesce(r.session_id, r.run_id) FROM ledger.runs AS r)
ORDER BY s.started_at, s.session_id
