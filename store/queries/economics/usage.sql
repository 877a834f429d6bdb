-- What the price of the model calls of a stretch of time depends on, with their session.
SELECT
    coalesce(t.session_id, t.run_id, t.trace_id) AS session_key,
    t.provider,
    t.request_model,
    t.response_model,
    t.operation,
    t.status,
    t.service_tier,
    t.started_at,
    t.duration_ms,
    t.usage_note,
    t.finish_reason,
    t.response_id,
    t.ttft_ms,
    t.input_tokens,
    t.cache_read_tokens,
    t.cache_write_tokens,
    t.cache_write_1h_tokens,
    t.output_tokens,
    t.reasoning_tokens,
    t.other_units
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
