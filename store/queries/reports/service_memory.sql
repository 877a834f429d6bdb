-- What is rare of a service, and older than its facts may be: from the rollup.
SELECT
    count(DISTINCT h.agent_version) AS versions_seen,
    CASE WHEN count(*) > 0 THEN min(h.hour_at) END AS first_hour_at
FROM ledger.hourly AS h
WHERE h.subject = 'run' AND h.hour_at >= $since AND h.hour_at < $until AND h.purpose = 'production'
    AND ('*' IN $services OR h.service IN $services)
