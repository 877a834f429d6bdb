-- What a service's readiness is judged by, beside its metrics.
SELECT
    count(*) AS runs_seen,
    count(t.user_id) AS with_user,
    sum(CASE WHEN t.complete THEN 1 ELSE 0 END) AS complete_runs,
    sum(CASE WHEN t.outcome = 'failure' THEN 1 ELSE 0 END) AS failed_runs,
    sum(CASE WHEN t.outcome = 'failure' AND t.failure_class <> 'unknown' THEN 1 ELSE 0 END) AS classified_runs
FROM ledger.runs AS t
WHERE t.started_at >= $since AND t.started_at < $until AND t.purpose = 'production'
    AND ('*' IN $services OR t.service IN $services)
