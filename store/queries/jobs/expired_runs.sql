-- Rows of job_runs that are older than they are kept.
SELECT DISTINCT t.job, t.started_at, t.status
FROM ledger.job_runs AS t
WHERE t.started_at < $ok_before AND (t.status = 'ok' OR t.started_at < $errors_before)
ORDER BY t.started_at, t.job, t.status
LIMIT 50000
