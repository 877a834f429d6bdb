-- The latest job runs.
SELECT t.job, t.started_at, t.duration_ms, t.status, t.changed, t.load_seq, t.error
FROM ledger.job_runs AS t
ORDER BY t.started_at DESC, t.job
LIMIT $max_rows
