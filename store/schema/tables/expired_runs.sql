-- What deleted runs of sessions that may go on came to, by session and deletion.
CREATE TABLE ledger.expired_runs (
    conversation_id VARCHAR NOT NULL, -- conversation of the session
    started_at TIMESTAMP NOT NULL, -- when the session began, as it was known then
    expired_load BIGINT NOT NULL, -- loads up to this one were deleted
    runs BIGINT NOT NULL, -- number of runs
    cost_usd DECIMAL(38, 12), -- sum over runs; NULL when nothing was priced
    unpriced_calls BIGINT NOT NULL -- calls whose cost was unknown
);
