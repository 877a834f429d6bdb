-- How far each job has read the load sequence; written in the transaction that writes the job's rows.
CREATE TABLE ledger.watermarks (
    job VARCHAR NOT NULL, -- name of the job
    load_seq BIGINT NOT NULL, -- everything up to this load is done
    updated_at TIMESTAMP NOT NULL -- when
);
