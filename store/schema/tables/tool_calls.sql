-- One row per execution of a tool, counted once; written by the job that counts traces.
CREATE TABLE ledger.tool_calls (
    load_seq BIGINT NOT NULL, -- highest load_seq of the trace when the row was derived
    trace_id VARCHAR NOT NULL, -- trace of the call
    span_id VARCHAR NOT NULL, -- span of the execution
    run_id VARCHAR, -- run that called the tool; NULL outside a run
    session_id VARCHAR, -- session, inherited from the run
    user_id VARCHAR, -- user, inherited from the run
    service VARCHAR, -- service of the run
    environment VARCHAR, -- environment of the run
    tenant VARCHAR, -- tenant, inherited from whichever span named it
    agent VARCHAR, -- nearest agent above
    agent_version VARCHAR, -- version of that agent
    purpose VARCHAR NOT NULL, -- production, evaluation, shadow or test
    prompt_name VARCHAR, -- name of the run's prompt
    prompt_version VARCHAR, -- version of the run's prompt
    tool VARCHAR, -- tool name
    call_id VARCHAR, -- the model's id of the tool call
    started_at TIMESTAMP NOT NULL, -- start, UTC
    duration_ms DOUBLE, -- NULL while open
    status VARCHAR NOT NULL, -- ok or error
    error_type VARCHAR, -- error.type or exception type
    failure_class VARCHAR, -- taxonomy of failures; NULL when the call did not fail
    is_retry BOOLEAN, -- repeats an execution with equal arguments that failed just before
    arguments VARCHAR USING COMPRESSION zstd, -- first 16 KiB; the span has all of it
    result VARCHAR USING COMPRESSION zstd, -- first 16 KiB; the span has all of it
    cost_usd DECIMAL(18, 12), -- the tool's own price; NULL when unknown
    cost_status VARCHAR NOT NULL, -- priced, free or no_usage
    dimensions MAP(VARCHAR, VARCHAR) -- attributes that the configuration declares as dimensions
);
