-- The hours that are known to have events and wait to be rolled up.
SELECT DISTINCT h.hour_at AS hour_at
FROM ledger.touched_hours AS h
WHERE h.hour_at >= $since AND h.hour_at < $until AND h.subject IN ('run', 'llm_call', 'tool_call')
ORDER BY hour_at
