-- What the price of the model calls of a stretch of time depends on, and what they cost now.
SELECT
    t.trace_id,
    t.span_id,
    t.run_id,
    t.provider,
    t.request_model,
    t.response_model,
    t.operation,
    t.status,
    t.service_tier,
    t.started_at,
    t.duration_ms,
    t.usage_note,
    t.finish_reason IS NOT NULL OR t.response_id IS NOT NULL OR t.ttft_ms IS NOT NULL AS has_answer,
    t.input_tokens,
    t.cache_read_tokens,
    t.cache_write_tokens,
    t.cache_write_1h_tokens,
    t.output_tokens,
    t.reasoning_tokens,
    t.other_units,
    t.price_model,
    t.cost_usd,
    t.cost_status,
    t.cost_version
FROM ledger.llm_calls AS t
WHERE t.started_at >= $first AND t.started_at < $until
