-- Traces in which another library, or a chain, tells at the same time of a call with the same numbers, or of a failed
-- one.
SELECT DISTINCT s.trace_id AS trace_id
FROM ledger.spans AS s
INNER JOIN asked AS a
    ON coalesce(s.service, '') = a.service
    AND coalesce(s.input_tokens, -1) = coalesce(a.input_tokens, -1)
    AND coalesce(s.output_tokens, -1) = coalesce(a.output_tokens, -1)
WHERE s.load_seq BETWEEN $first AND $last
    AND s.started_at BETWEEN $since AND $until
    AND (s.kind = 'llm' OR (s.kind = 'chain' AND a.kind = 'llm'))
    AND (s.output_tokens IS NOT NULL OR s.status = 'error')
    AND s.trace_id <> a.trace_id
    AND (s.kind <> a.kind OR coalesce(s.scope_name, '') <> a.scope_name)
    AND s.started_at <= a.ended_at
    AND coalesce(s.ended_at, s.started_at) >= a.started_at
