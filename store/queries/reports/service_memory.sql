-- What is rare of a service, and older than its facts may be: from the rollup; of its agents the one with most versions.
SELECT
    max(f.versions) AS versions_seen,
    CASE WHEN count(*) > 0 THEN min(f.first_hour_at) END AS first_hour_at
FROM (
    SELECT count(DISTINCT h.agent_version) AS versions, min(h.hour_at) AS first_hour_at
    FROM ledger.hourly AS h
    WHERE h.subject = 'run' AND h.hour_at >= $since AND h.hour_at < $until AND h.purpose = 'production'
        AND ('*' IN $services OR h.service IN $services)
    GROUP BY h.service, h.agent
) AS f
