-- One row per request to a model, counted once.
SELECT
    t.trace_id AS trace_id, -- trace of the call
    t.span_id AS span_id, -- span that carries the numbers
    t.run_id AS run_id, -- run that made the call; NULL outside a run
    t.session_id AS session_id, -- session, inherited from the run
    t.user_id AS user_id, -- user, inherited from the run
    t.service AS service, -- service of the run
    t.environment AS environment, -- environment of the run
    t.tenant AS tenant, -- tenant, inherited from whichever span named it
    t.agent AS agent, -- nearest agent above
    t.agent_version AS agent_version, -- version of that agent
    t.purpose AS purpose, -- production, evaluation, shadow or test
    t.prompt_name AS prompt_name, -- name of the prompt
    t.prompt_version AS prompt_version, -- version of the prompt
    t.operation AS operation, -- chat, embeddings, text_completion …
    t.provider AS provider, -- model provider, OTel spelling
    t.request_model AS request_model, -- model that was asked for
    t.response_model AS response_model, -- model that answered
    t.response_id AS response_id, -- provider's id of the response
    t.price_model AS price_model, -- price book entry the call was priced by
    t.started_at AS started_at, -- start, UTC
    t.duration_ms AS duration_ms, -- NULL while open
    t.ttft_ms AS ttft_ms, -- time to first token
    t.streamed AS streamed, -- whether the answer was streamed
    t.input_tokens AS input_tokens, -- all input, cached included
    t.cache_read_tokens AS cache_read_tokens, -- part of input read from a cache
    t.cache_write_tokens AS cache_write_tokens, -- part of input written to a cache (5 m and 1 h)
    t.cache_write_1h_tokens AS cache_write_1h_tokens, -- part of cache_write_tokens kept for an hour
    t.output_tokens AS output_tokens, -- all output, reasoning included
    t.reasoning_tokens AS reasoning_tokens, -- part of output
    t.other_units AS other_units, -- other billable units
    t.usage_source AS usage_source, -- reported or estimated; NULL without usage
    t.finish_reason AS finish_reason, -- why the model stopped
    t.status AS status, -- ok, error or unset
    t.error_type AS error_type, -- error.type or exception type
    t.failure_class AS failure_class, -- taxonomy of failures; NULL when the call did not fail
    t.service_tier AS service_tier, -- batch, flex, priority …
    t.is_retry AS is_retry, -- repeats a call of the same model that failed just before
    t.is_fallback AS is_fallback, -- follows a call of another model that failed just before
    t.cost_usd AS cost_usd, -- NULL unless priced, free or partial
    t.cost_status AS cost_status, -- priced, free, partial, unpriced_model, no_usage or inconsistent
    t.cost_version AS cost_version, -- version of the price book
    t.reported_cost_usd AS reported_cost_usd, -- cost as the emitter says
    t.dimensions AS dimensions -- attributes that the configuration declares as dimensions
FROM ledger.llm_calls AS t
