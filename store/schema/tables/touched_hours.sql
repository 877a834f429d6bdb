-- Work list between jobs: hours of a subject that must be rolled up again.
CREATE TABLE ledger.touched_hours (
    load_seq BIGINT NOT NULL, -- derivation that touched it
    subject VARCHAR NOT NULL, -- run, llm_call, tool_call, session or case
    hour_at TIMESTAMP NOT NULL -- hour to roll up again
);
