-- Rows of job_runs that are older than they are kept.
SELECT DISTINCT job AS job, started_at AS started_at
FROM ledger.job_runs
WHERE started_at < $ok_before AND (status = 'ok' OR started_at < $errors_before)
ORDER BY started_at, job
LIMIT 50000
