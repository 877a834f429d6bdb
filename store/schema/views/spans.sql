-- Every span as received, once.
SELECT
    s.trace_id AS trace_id, -- 32 lower-case hex digits
    s.span_id AS span_id, -- 16 lower-case hex digits
    s.parent_span_id AS parent_span_id, -- NULL for a root
    s.service AS service, -- resource service.name
    s.environment AS environment, -- resource deployment.environment
    coalesce(s.tenant, r.tenant) AS tenant, -- the span's, else its run's
    coalesce(s.agent, r.agent) AS agent, -- the span's, else its run's
    coalesce(s.agent_version, r.agent_version) AS agent_version, -- the span's, else its run's
    coalesce(r.purpose, s.purpose, 'production') AS purpose, -- production, evaluation, shadow or test
    s.scope_name AS scope_name, -- instrumentation scope
    s.scope_version AS scope_version, -- version of the instrumentation scope
    s.dialect AS dialect, -- naming dialect it was read as; NULL when none fits
    s.name AS name, -- span name
    s.kind AS kind, -- agent, workflow, llm, embedding, tool, retriever, guardrail, evaluator, chain or other
    s.started_at AS started_at, -- UTC
    s.duration_ms AS duration_ms, -- NULL while open, or when the end lies before the start
    s.status AS status, -- ok, error or unset
    s.status_message AS status_message, -- description of the status, or the exception's message
    s.error_type AS error_type, -- error.type, or the exception's type
    coalesce(m.run_id, r.run_id) AS run_id, -- run it belongs to; NULL outside a run
    coalesce(s.session_id, r.session_id) AS session_id, -- the span's, else its run's
    coalesce(s.user_id, r.user_id) AS user_id, -- the span's, else its run's
    s.received_at AS received_at, -- when the collector acknowledged it
    s.attributes AS attributes, -- all attributes as text; read one with attr(attributes, 'key')
    e.attributes AS resource, -- all resource attributes as text
    s.events AS events, -- JSON array of {name, time, attributes}
    s.links AS links -- JSON array of {trace_id, span_id, attributes}
FROM ledger.spans AS s
LEFT JOIN ledger.run_spans AS m ON m.trace_id = s.trace_id AND m.span_id = s.span_id
LEFT JOIN ledger.runs AS r ON r.trace_id = s.trace_id AND (r.is_sole OR r.run_id = m.run_id)
LEFT JOIN ledger.resources AS e ON e.resource_id = s.resource_id
