-- Hours of which facts were deleted: what the rollups lack of them (users, tenants, free attributes) is known no more.
CREATE TABLE ledger.expired_hours (
    subject VARCHAR NOT NULL, -- run, llm_call, tool_call, session, case or score
    hour_at TIMESTAMP NOT NULL -- start of the hour, UTC
);
