-- Notes that people wrote on runs, mirrored from the control state.
CREATE TABLE ledger.notes (
    note_id BIGINT NOT NULL, -- number
    run_id VARCHAR NOT NULL, -- run
    author VARCHAR NOT NULL, -- who wrote it
    noted_at TIMESTAMP NOT NULL, -- when
    text VARCHAR NOT NULL -- what it says
);
