-- One row per OTLP log record.
CREATE TABLE ledger.logs (
    load_seq BIGINT NOT NULL, -- number of the load that wrote the row
    received_at TIMESTAMP NOT NULL, -- when the collector acknowledged the body
    trace_id VARCHAR, -- NULL when the record stands outside a trace
    span_id VARCHAR, -- NULL when the record stands outside a span
    service VARCHAR, -- resource service.name
    environment VARCHAR, -- resource deployment.environment(.name)
    scope_name VARCHAR, -- instrumentation scope
    scope_version VARCHAR, -- version of the instrumentation scope
    event_name VARCHAR, -- EventName field, else attribute event.name
    severity VARCHAR, -- severity text as sent
    severity_number BIGINT, -- 1 to 24; NULL when not sent
    logged_at TIMESTAMP NOT NULL, -- time of the event, else when it was observed, else received
    body VARCHAR USING COMPRESSION zstd, -- text; structured bodies as JSON
    resource_id UBIGINT NOT NULL, -- key of ledger.resources
    record_number BIGINT NOT NULL, -- place in its load: the order of records of one time
    attributes MAP(VARCHAR, VARCHAR), -- all attributes as text; arrays and kvlists as JSON
    input_messages VARCHAR USING COMPRESSION zstd, -- JSON [{role, parts}] that the record tells of its span
    output_messages VARCHAR USING COMPRESSION zstd, -- JSON [{role, parts}] that the record tells of its span
    span_facts VARCHAR USING COMPRESSION zstd -- JSON object of facts that the record tells of its span, messages apart; NULL: it tells of none
);
