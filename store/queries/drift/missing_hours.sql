-- The first hour that is known to have events and was never rolled up; no row where there is none.
SELECT h.hour_at AS hour_at
FROM ledger.touched_hours AS h
LEFT JOIN (
    SELECT DISTINCT r.hour_at AS hour_at FROM ledger.hourly AS r
    WHERE r.hour_at >= $since AND r.hour_at < $until AND r.expired_load IS NULL
        AND r.subject IN ('run', 'llm_call', 'tool_call')
) AS known ON known.hour_at = h.hour_at
WHERE h.hour_at >= $since AND h.hour_at < $until AND h.subject IN ('run', 'llm_call', 'tool_call')
    AND known.hour_at IS NULL
ORDER BY h.hour_at
LIMIT 1
