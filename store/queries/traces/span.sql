-- One span with all that it carries.
SELECT
    s.span_id AS span_id,
    s.parent_span_id AS parent_span_id,
    s.name AS name,
    s.kind AS kind,
    s.otel_kind AS otel_kind,
    s.dialect AS dialect,
    s.scope_name AS scope_name,
    s.scope_version AS scope_version,
    s.service AS service,
    s.environment AS environment,
    s.agent AS agent,
    s.tool AS tool,
    s.provider AS provider,
    s.request_model AS request_model,
    s.response_model AS response_model,
    s.finish_reason AS finish_reason,
    s.started_at AS started_at,
    s.ended_at AS ended_at,
    s.duration_ms AS duration_ms,
    s.ttft_ms AS ttft_ms,
    s.status AS status,
    s.status_message AS status_message,
    s.error_type AS error_type,
    s.input_tokens AS input_tokens,
    s.cache_read_tokens AS cache_read_tokens,
    s.output_tokens AS output_tokens,
    s.reasoning_tokens AS reasoning_tokens,
    s.received_at AS received_at,
    s.input_key AS input_key,
    s.output_key AS output_key,
    coalesce(
        s.input_messages,
        CASE WHEN attr(s.attributes, 'gen_ai.input.messages') IS NULL THEN m.input_messages END
    ) AS input_messages,
    coalesce(
        s.output_messages,
        CASE WHEN attr(s.attributes, 'gen_ai.output.messages') IS NULL THEN m.output_messages END
    ) AS output_messages,
    s.attributes AS attributes,
    s.events AS events,
    s.links AS links,
    e.attributes AS resource,
    c.cost_usd AS cost_usd,
    c.cost_status AS cost_status,
    c.price_model AS price_model
FROM ledger.spans AS s
LEFT JOIN ledger.resources AS e ON e.resource_id = s.resource_id
LEFT JOIN (
    SELECT l.span_id AS span_id, l.cost_usd AS cost_usd, l.cost_status AS cost_status, l.price_model AS price_model
    FROM ledger.llm_calls AS l
    WHERE l.trace_id = $trace_id AND l.span_id = $span_id
) AS c ON c.span_id = s.span_id
LEFT JOIN (
    SELECT
        g.span_id AS span_id,
        joined_arrays(g.input_messages, (g.logged_at, g.load_seq, g.record_number)) AS input_messages,
        joined_arrays(g.output_messages, (g.logged_at, g.load_seq, g.record_number)) AS output_messages
    FROM ledger.logs AS g
    WHERE g.trace_id = $trace_id AND g.span_id = $span_id
    GROUP BY g.span_id
) AS m ON m.span_id = s.span_id
WHERE s.trace_id = $trace_id AND s.span_id = $span_id
LIMIT 1
