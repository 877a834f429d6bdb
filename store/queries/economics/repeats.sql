-- Model calls that others of their session equal in model and input tokens: those whose input may be the same.
SELECT
    coalesce(t.session_id, t.run_id, t.trace_id) AS session_key,
    coalesce(t.request_model, t.response_model, '') AS model,
    t.input_tokens AS input_tokens,
    t.trace_id AS trace_id,
    t.span_id AS span_id,
    t.started_at AS started_at,
    t.cost_usd AS cost_usd,
    t.cost_status AS cost_status
FROM ledger.llm_calls AS t
INNER JOIN (
    SELECT
        coalesce(c.session_id, c.run_id, c.trace_id) AS session_key,
        coalesce(c.request_model, c.response_model, '') AS model,
        c.input_tokens AS input_tokens
    FROM ledger.llm_calls AS c
    WHERE c.started_at >= $first AND c.started_at < $until AND coalesce(c.status, '') <> 'error' AND NOT coalesce(c.is_retry, false) AND c.input_tokens > 0
    GROUP BY coalesce(c.session_id, c.run_id, c.trace_id), coalesce(c.request_model, c.response_model, ''), c.input_tokens
    HAVING count(*) > 1
) AS f
    ON f.session_key = coalesce(t.session_id, t.run_id, t.trace_id)
    AND f.model = coalesce(t.request_model, t.response_model, '')
    AND f.input_tokens = t.input_tokens
WHERE t.started_at >= $first AND t.started_at < $until AND coalesce(t.status, '') <> 'error' AND NOT coalesce(t.is_retry, false)
ORDER BY started_at, trace_id, span_id
LIMIT $max_rows
