-- Work list between jobs: sessions whose runs changed since the session job read them.
CREATE TABLE ledger.touched_sessions (
    load_seq BIGINT NOT NULL, -- derivation that touched it
    session_id VARCHAR NOT NULL, -- conversation id, else the run's id: whose sessions to derive again
    started_at TIMESTAMP -- earliest start of the runs that changed, before and after; NULL: unknown, all of history is read
);
