-- Runs that people starred, mirrored from the control state.
CREATE TABLE ledger.stars (
    run_id VARCHAR NOT NULL, -- run
    author VARCHAR NOT NULL, -- who starred it
    starred_at TIMESTAMP NOT NULL -- when
);
