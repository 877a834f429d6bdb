-- The latest hour that is known to have events and waits to be rolled up; no row where none waits.
SELECT h.hour_at AS hour_at
FROM ledger.touched_hours AS h
WHERE h.hour_at >= $since AND h.hour_at < $until AND h.subject IN ('run', 'llm_call', 'tool_call')
ORDER BY h.hour_at DESC
LIMIT 1
