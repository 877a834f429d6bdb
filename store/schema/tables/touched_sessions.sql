-- Work list between jobs: sessions whose runs changed since the session job read them.
CREATE TABLE ledger.touched_sessions (
    load_seq BIGINT NOT NULL, -- derivation that touched it
    session_id VARCHAR NOT NULL -- session to derive again
);
