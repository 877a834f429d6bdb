-- Every log record as received.
SELECT
    t.received_at AS received_at, -- when the collector acknowledged the body
    t.trace_id AS trace_id, -- NULL when the record stands outside a trace
    t.span_id AS span_id, -- NULL when the record stands outside a span
    t.service AS service, -- resource service.name
    t.environment AS environment, -- resource deployment.environment(.name)
    t.scope_name AS scope_name, -- instrumentation scope
    t.scope_version AS scope_version, -- version of the instrumentation scope
    t.event_name AS event_name, -- EventName field, else attribute event.name
    t.severity AS severity, -- severity text as sent
    t.severity_number AS severity_number, -- 1 to 24; NULL when not sent
    t.logged_at AS logged_at, -- time of the event, else when it was observed, else received
    t.body AS body, -- text; structured bodies as JSON
    t.attributes AS attributes, -- all attributes as text; arrays and kvlists as JSON
    e.attributes AS resource -- all resource attributes as text
FROM ledger.logs AS t
LEFT JOIN ledger.resources AS e ON e.resource_id = t.resource_id
