-- Rollup: counts per logarithmic bucket and day, added up from `hourly_buckets`: long windows read fewer rows.
CREATE TABLE ledger.daily_buckets (
    day_at TIMESTAMP NOT NULL, -- start of the day, UTC
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
    outcome VARCHAR, -- as in daily
    bucket BIGINT NOT NULL, -- i: values in (1.02^(i-1), 1.02^i]; -32768 holds zero
    events BIGINT NOT NULL -- values in the bucket
);
