-- One row per span, (trace_id, span_id) is its identity: what the span itself says, translated by its dialect.
-- Narrow facts first, bulky content last: the columns are stored apart, so a query that names no content reads none.
CREATE TABLE ledger.spans (
    load_seq BIGINT NOT NULL, -- number of the load that wrote the row; jobs read by it, never by event time
    received_at TIMESTAMP NOT NULL, -- when the collector acknowledged the body
    trace_id VARCHAR NOT NULL, -- 32 lower-case hex digits
    span_id VARCHAR NOT NULL, -- 16 lower-case hex digits
    parent_span_id VARCHAR, -- NULL for a root
    service VARCHAR, -- resource service.name
    environment VARCHAR, -- resource deployment.environment(.name)
    tenant VARCHAR, -- as the span, its baggage or its resource says; runs spread it over their spans
    agent VARCHAR, -- name of the agent the span says it belongs to
    agent_version VARCHAR, -- version of the agent
    purpose VARCHAR, -- production, evaluation, shadow or test, where the span or its resource says so
    scope_name VARCHAR, -- instrumentation scope
    scope_version VARCHAR, -- version of the instrumentation scope
    dialect VARCHAR, -- which naming dialect the span was read as; NULL when none fits
    name VARCHAR NOT NULL, -- span name
    kind VARCHAR NOT NULL, -- agent, workflow, llm, embedding, tool, retriever, guardrail, evaluator, chain or other
    otel_kind VARCHAR NOT NULL, -- internal, server, client, producer, consumer or unspecified
    started_at TIMESTAMP NOT NULL, -- start, UTC
    ended_at TIMESTAMP, -- end, UTC; NULL while the span is open
    duration_ms DOUBLE, -- NULL while open, or when the end lies before the start
    status VARCHAR NOT NULL, -- ok, error or unset, with failures that a dialect says elsewhere
    status_message VARCHAR USING COMPRESSION zstd, -- status description, or the exception's message
    sent_status VARCHAR, -- the span's own status, where a dialect says another one; NULL: as status
    is_found_message BOOLEAN, -- status_message was found in attributes or events; NULL: it is the status's own
    error_type VARCHAR, -- error.type, or the exception's type
    session_id VARCHAR, -- conversation or session id on this very span
    user_id VARCHAR, -- user id on this very span
    workflow VARCHAR, -- workflow name
    operation VARCHAR, -- gen_ai operation: chat, embeddings, execute_tool, invoke_agent …
    provider VARCHAR, -- model provider, OTel spelling
    request_model VARCHAR, -- model that was asked for
    response_model VARCHAR, -- model that answered
    response_id VARCHAR, -- provider's id of the response; equal ids are one call
    prompt_name VARCHAR, -- name of the prompt
    prompt_version VARCHAR, -- version of the prompt
    finish_reason VARCHAR, -- OTel spelling: stop, length, content_filter, tool_call, error; else as sent
    service_tier VARCHAR, -- tier that served the call, else the requested one
    streamed BOOLEAN, -- whether the answer was streamed
    ttft_ms DOUBLE, -- time to first token or chunk
    input_tokens BIGINT, -- all input, cached included; NULL when never sent
    cache_read_tokens BIGINT, -- part of input read from a cache
    cache_write_tokens BIGINT, -- part of input written to a cache (5 m and 1 h)
    cache_write_1h_tokens BIGINT, -- part of cache_write_tokens kept for an hour
    output_tokens BIGINT, -- all output, reasoning included; NULL when never sent
    reasoning_tokens BIGINT, -- part of output spent on reasoning
    other_units MAP(VARCHAR, DOUBLE), -- other billable units: audio_seconds, web_searches …
    usage_scope VARCHAR, -- call: this call's own; agent: sum of an agent's calls; cumulative: over the agent object's life; counter: of a session's counters
    usage_source VARCHAR, -- reported by the provider or estimated by the client
    usage_note VARCHAR, -- exclusive_input: cached parts were added; inconsistent: no reading explains the numbers
    reported_cost_usd DECIMAL(18, 12), -- cost as the emitter says; kept beside ours
    retries BIGINT, -- HTTP retries hidden inside the span, where visible
    tool VARCHAR, -- tool name
    tool_call_id VARCHAR, -- the model's id of the tool call
    input_key VARCHAR, -- attribute that holds the input or arguments; attr(attributes, input_key) reads it
    output_key VARCHAR, -- attribute that holds the output or result
    outcome VARCHAR, -- explicit outcome: success, failure, escalated, resolved or abandoned
    outcome_reason VARCHAR, -- explicit reason of the outcome
    confidence DOUBLE, -- confidence the application stated, 0 to 1
    feedback DOUBLE, -- user feedback, -1 to 1
    is_pending BOOLEAN NOT NULL, -- a copy sent before the span ended; never counted
    content_hash UBIGINT NOT NULL, -- breaks ties between two versions of one span
    attribute_count BIGINT NOT NULL, -- number of attributes; the fuller version of a span wins
    resource_id UBIGINT NOT NULL, -- key of ledger.resources
    attributes MAP(VARCHAR, VARCHAR), -- all attributes as text; arrays and kvlists as JSON
    events VARCHAR USING COMPRESSION zstd, -- JSON array of {name, time, attributes}; NULL when none
    links VARCHAR USING COMPRESSION zstd, -- JSON array of {trace_id, span_id, attributes}; NULL when none
    input_messages VARCHAR USING COMPRESSION zstd, -- JSON [{role, parts}], only where the span's own form is another one
    output_messages VARCHAR USING COMPRESSION zstd, -- JSON [{role, parts}], only where the span's own form is another one
    judgements VARCHAR USING COMPRESSION zstd -- JSON [{name, value, label, source, explanation, about, identifier}] that the span carries
);
