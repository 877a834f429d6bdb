-- Runs of scheduled jobs.
SELECT
    t.job AS job, -- name of the job
    t.started_at AS started_at, -- start
    t.duration_ms AS duration_ms, -- wall time
    t.status AS status, -- ok or error
    t.changed AS changed, -- rows written
    t.load_seq AS load_seq, -- watermark it reached
    t.error AS error -- what went wrong
FROM ledger.job_runs AS t
