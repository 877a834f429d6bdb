-- The busiest hour of a service, from the rollup.
SELECT
    h.hour_at AS busy_at,
    sum(h.events) AS hour_runs
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.hour_at >= $since AND h.hour_at < $until
    AND ('*' IN $services OR h.service IN $services)
GROUP BY h.hour_at
ORDER BY sum(h.events) DESC, h.hour_at
LIMIT 1
