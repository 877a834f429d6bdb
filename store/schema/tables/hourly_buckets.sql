-- Rollup: counts per logarithmic bucket (DDSketch, gamma 1.02), from which any percentile follows within 1 %.
CREATE TABLE ledger.hourly_buckets (
    hour_at TIMESTAMP NOT NULL, -- start of the hour, UTC
    subject VARCHAR NOT NULL, -- run, llm_call or tool_call
    measure VARCHAR NOT NULL, -- duration_ms, ttft_ms or cost_usd
    service VARCHAR, -- dimension
    environment VARCHAR, -- dimension
    agent VARCHAR, -- dimension
    agent_version VARCHAR, -- dimension
    purpose VARCHAR NOT NULL, -- dimension
    prompt_name VARCHAR, -- dimension
    prompt_version VARCHAR, -- dimension
    model VARCHAR, -- of llm_call
    provider VARCHAR, -- of llm_call
    tool VARCHAR, -- of tool_call
    outcome VARCHAR, -- as in hourly
    bucket BIGINT NOT NULL, -- i: values in (1.02^(i-1), 1.02^i]; -32768 holds zero
    expired_load BIGINT, -- load up to which the facts behind the row were deleted, NULL while they are there
    events BIGINT NOT NULL -- values in the bucket
);
