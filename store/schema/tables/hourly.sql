-- Rollup: additive figures per hour and dimensions. `subject` says what a row counts; a column that has no sense for it is NULL or 0.
CREATE TABLE ledger.hourly (
    hour_at TIMESTAMP NOT NULL, -- start of the hour, UTC; runs, calls and sessions by their start, cases by their close
    subject VARCHAR NOT NULL, -- run, llm_call, tool_call, session or case
    service VARCHAR, -- dimension
    environment VARCHAR, -- dimension
    agent VARCHAR, -- dimension
    agent_version VARCHAR, -- dimension
    purpose VARCHAR NOT NULL, -- dimension
    prompt_name VARCHAR, -- dimension
    prompt_version VARCHAR, -- dimension
    model VARCHAR, -- of llm_call: the model that answered, else the requested one
    provider VARCHAR, -- of llm_call
    tool VARCHAR, -- of tool_call
    outcome VARCHAR, -- of run and case: outcome; of calls: ok or error
    failure_class VARCHAR, -- taxonomy of failures
    finish_reason VARCHAR, -- of llm_call: why the model stopped
    expired_load BIGINT, -- load up to which the facts behind the row were deleted, NULL while they are there
    events BIGINT NOT NULL, -- runs, calls, sessions or cases
    input_tokens BIGINT, -- sum; NULL when nobody said
    cache_read_tokens BIGINT, -- sum; NULL when nobody said
    cache_write_tokens BIGINT, -- sum; NULL when nobody said
    output_tokens BIGINT, -- sum; NULL when nobody said
    with_output BIGINT, -- of llm_call: with known output tokens
    reasoning_tokens BIGINT, -- sum; NULL when nobody said
    cost_usd DECIMAL(38, 12), -- sum of what is priced; NULL when nothing is
    unpriced_calls BIGINT NOT NULL, -- calls whose cost is unknown
    steps BIGINT, -- of run: sum of steps
    llm_calls BIGINT, -- of run: sum of model calls
    tool_calls BIGINT, -- of run: sum of tool calls
    retries BIGINT, -- sum of repeated attempts
    fallbacks BIGINT, -- of llm_call: calls of another model after one that failed
    loops BIGINT, -- of run: sum of loops
    looped BIGINT, -- of run: with a loop
    rated BIGINT, -- of run: with feedback
    liked BIGINT, -- of run: with positive feedback
    rating DOUBLE, -- of run: sum of feedback, each -1 to 1
    confident BIGINT, -- of run: with a stated confidence
    confidence DOUBLE, -- of run: sum of stated confidences
    answerable BIGINT, -- of run: ended, and it can be told whether with an answer
    answered BIGINT, -- of run: ended with a substantive answer
    runs BIGINT, -- of session and case: sum of runs
    reopened BIGINT, -- of case: with a second session
    timed_events BIGINT, -- events with a known duration
    duration_ms DOUBLE, -- sum of known durations
    model_ms DOUBLE, -- of run: sum of time in model calls
    tool_ms DOUBLE, -- of run: sum of time in tools alone
    waiting_ms DOUBLE, -- of run: sum of time between failed calls and their next attempts
    generated_tokens BIGINT, -- of llm_call: output tokens of calls whose duration is known
    generating_ms DOUBLE -- of llm_call: duration of calls whose output tokens are known
);
