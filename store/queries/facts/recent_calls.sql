-- Model calls, and chains that give out their answers, received since a moment, with what a twin of them would share.
SELECT
    s.trace_id AS trace_id,
    s.response_id AS response_id,
    s.service AS service,
    s.kind AS kind,
    s.status AS status,
    s.request_model AS request_model,
    s.response_model AS response_model,
    s.input_tokens AS input_tokens,
    s.output_tokens AS output_tokens
FROM ledger.spans AS s
WHERE s.received_at >= $since
    AND (s.kind IN ('llm', 'embedding') OR (s.kind = 'chain' AND s.output_tokens > 0))
LIMIT $max_rows
