-- Rollup: additive figures per hour and dimensions. `subject` says what a row counts; a column that has no sense for it is NULL or 0.
CREATE TABLE ledger.hourly (
    hour_at TIMESTAMP NOT NULL, -- start of the hour, UTC; runs, calls by their start, cases by their close
    subject VARCHAR NOT NULL, -- run, llm_call, tool_call or case
    service VARCHAR, -- dimension
    environment VARCHAR, -- dimension
    agent VARCHAR, -- dimension
    agent_version VARCHAR, -- dimension
    purpose VARCHAR NOT NULL, -- dimension
    model VARCHAR, -- of llm_call: the model that answered, else the requested one
    tool VARCHAR, -- of tool_call
    outcome VARCHAR, -- of run and case: outcome; of calls: ok or error
    failure_class VARCHAR, -- taxonomy of failures
    events BIGINT NOT NULL, -- runs, calls or cases
    input_tokens BIGINT, -- sum; NULL when nobody said
    cache_read_tokens BIGINT, -- sum; NULL when nobody said
    cache_write_tokens BIGINT, -- sum; NULL when nobody said
    output_tokens BIGINT, -- sum; NULL when nobody said
    reasoning_tokens BIGINT, -- sum; NULL when nobody said
    cost_usd DECIMAL(38, 12), -- sum of what is priced; NULL when nothing is
    unpriced_calls BIGINT NOT NULL, -- calls whose cost is unknown
    steps BIGINT, -- of run: sum of steps
    retries BIGINT, -- sum
    rated BIGINT, -- of run: with feedback
    liked BIGINT, -- of run: with positive feedback
    timed_events BIGINT NOT NULL, -- events with a known duration
    duration_ms DOUBLE -- sum of known durations
);
