-- Spans of a trace with what their calls cost, oldest first; no content is read.
SELECT
    s.span_id AS span_id,
    s.parent_span_id AS parent_span_id,
    s.name AS name,
    s.kind AS kind,
    s.started_at AS started_at,
    s.duration_ms AS duration_ms,
    s.status AS status,
    s.error_type AS error_type,
    s.agent AS agent,
    s.tool AS tool,
    coalesce(s.response_model, s.request_model) AS model,
    c.tokens AS tokens,
    coalesce(c.cost_usd, u.cost_usd) AS cost_usd,
    c.cost_status AS cost_status
FROM ledger.spans AS s
LEFT JOIN (
    SELECT
        l.span_id AS span_id,
        l.cost_usd AS cost_usd,
        l.cost_status AS cost_status,
        CASE WHEN l.input_tokens IS NULL AND l.output_tokens IS NULL THEN NULL
            ELSE coalesce(l.input_tokens, 0) + coalesce(l.output_tokens, 0) END AS tokens
    FROM ledger.llm_calls AS l
    WHERE l.trace_id = $trace_id
) AS c ON c.span_id = s.span_id
LEFT JOIN (
    SELECT t.span_id AS span_id, t.cost_usd AS cost_usd
    FROM ledger.tool_calls AS t
    WHERE t.trace_id = $trace_id AND t.cost_usd > 0
) AS u ON u.span_id = s.span_id
WHERE s.trace_id = $trace_id
ORDER BY s.started_at, s.span_id
LIMIT $span_limit
