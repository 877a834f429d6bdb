-- One row per run of a scheduled job that had something to do or failed.
CREATE TABLE ledger.job_runs (
    job VARCHAR NOT NULL, -- name of the job
    started_at TIMESTAMP NOT NULL, -- start
    duration_ms DOUBLE NOT NULL, -- wall time
    status VARCHAR NOT NULL, -- ok or error
    changed BIGINT NOT NULL, -- rows written
    load_seq BIGINT, -- watermark it reached
    error VARCHAR -- what went wrong
);
