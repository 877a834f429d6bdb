-- What the call that one span carries came to.
SELECT
    c.price_model AS price_model,
    c.cost_usd AS cost_usd,
    c.cost_status AS cost_status,
    c.cost_version AS cost_version,
    c.reported_cost_usd AS reported_cost_usd
FROM ledger.llm_calls AS c
WHERE c.trace_id = $trace_id AND c.span_id = $span_id
