-- Jobs that had something to do since then: how often, how long, and how often they failed.
SELECT
    j.job AS job,
    count(*) AS turns,
    sum(CASE WHEN j.status = 'error' THEN 1 ELSE 0 END) AS failures,
    p50(j.duration_ms) AS p50_ms,
    max(j.duration_ms) AS longest_ms,
    sum(j.changed) AS changed,
    max(j.started_at) AS last_at,
    max(CASE WHEN j.status = 'error' THEN j.started_at END) AS last_failed_at,
    max(CASE WHEN j.status = 'error' THEN j.error END) AS an_error
FROM ledger.job_runs AS j
WHERE j.started_at >= $start AND j.started_at < $until
GROUP BY j.job
ORDER BY j.job
