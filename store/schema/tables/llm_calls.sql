-- One row per request to a model, counted once, at the leaf; written by the job that counts traces.
CREATE TABLE ledger.llm_calls (
    load_seq BIGINT NOT NULL, -- highest load_seq of the trace when the row was derived
    trace_id VARCHAR NOT NULL, -- trace of the call
    span_id VARCHAR NOT NULL, -- span that carries the numbers
    run_id VARCHAR, -- run that made the call; NULL outside a run
    session_id VARCHAR, -- session, inherited from the run
    user_id VARCHAR, -- user, inherited from the run
    service VARCHAR, -- service of the run
    environment VARCHAR, -- environment of the run
    tenant VARCHAR, -- tenant, inherited from whichever span named it
    agent VARCHAR, -- nearest agent above
    agent_version VARCHAR, -- version of that agent
    purpose VARCHAR NOT NULL, -- production, evaluation, shadow or test
    prompt_name VARCHAR, -- name of the prompt
    prompt_version VARCHAR, -- version of the prompt
    operation VARCHAR, -- chat, embeddings, text_completion …
    provider VARCHAR, -- model provider, OTel spelling
    request_model VARCHAR, -- model that was asked for
    response_model VARCHAR, -- model that answered
    response_id VARCHAR, -- provider's id of the response
    price_model VARCHAR, -- price book entry the call was priced by
    started_at TIMESTAMP NOT NULL, -- start, UTC
    duration_ms DOUBLE, -- NULL while open
    ttft_ms DOUBLE, -- time to first token
    streamed BOOLEAN, -- whether the answer was streamed
    input_tokens BIGINT, -- all input, cached included
    cache_read_tokens BIGINT, -- part of input read from a cache
    cache_write_tokens BIGINT, -- part of input written to a cache (5 m and 1 h)
    cache_write_1h_tokens BIGINT, -- part of cache_write_tokens kept for an hour
    output_tokens BIGINT, -- all output, reasoning included
    reasoning_tokens BIGINT, -- part of output
    other_units MAP(VARCHAR, DOUBLE), -- other billable units
    usage_source VARCHAR, -- reported or estimated; NULL without usage
    usage_note VARCHAR, -- exclusive_input or inconsistent; NULL when the numbers were plain
    finish_reason VARCHAR, -- why the model stopped
    status VARCHAR NOT NULL, -- ok, error or unset
    error_type VARCHAR, -- error.type or exception type
    failure_class VARCHAR, -- taxonomy of failures; NULL when the call did not fail
    service_tier VARCHAR, -- batch, flex, priority …
    is_retry BOOLEAN, -- repeats a call of the same model that failed just before
    is_fallback BOOLEAN, -- follows a call of another model that failed just before
    retries BIGINT, -- HTTP retries inside the call, where visible
    cost_usd DECIMAL(18, 12), -- NULL unless priced, free or partial
    cost_status VARCHAR NOT NULL, -- priced, free, partial, unpriced_model, no_usage or inconsistent
    cost_version BIGINT, -- version of the price book
    reported_cost_usd DECIMAL(18, 12), -- cost as the emitter says
    dimensions MAP(VARCHAR, VARCHAR) -- attributes that the configuration declares as dimensions
);
