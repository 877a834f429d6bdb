-- One row per OTLP metric data point, as sent: cumulative points repeat, so take the last one of a series, never their sum.
CREATE TABLE ledger.metric_points (
    load_seq BIGINT NOT NULL, -- number of the load that wrote the row
    received_at TIMESTAMP NOT NULL, -- when the collector acknowledged the body
    service VARCHAR, -- resource service.name
    environment VARCHAR, -- resource deployment.environment(.name)
    scope_name VARCHAR, -- instrumentation scope
    scope_version VARCHAR, -- version of the instrumentation scope
    metric VARCHAR NOT NULL, -- metric name
    type VARCHAR NOT NULL, -- gauge, sum, histogram, exponential_histogram or summary
    unit VARCHAR, -- UCUM unit
    temporality VARCHAR, -- delta or cumulative; NULL where the type has none
    is_monotonic BOOLEAN, -- for sums
    started_at TIMESTAMP, -- start of the interval; NULL when not sent
    recorded_at TIMESTAMP NOT NULL, -- time of the point
    value DOUBLE, -- of gauges and sums
    count BIGINT, -- of distributions
    sum DOUBLE, -- of distributions; NULL when not sent
    min DOUBLE, -- of distributions; NULL when not sent
    max DOUBLE, -- of distributions; NULL when not sent
    distribution VARCHAR USING COMPRESSION zstd, -- JSON of the buckets or quantiles; NULL for gauges and sums
    resource_id UBIGINT NOT NULL, -- key of ledger.resources
    attributes MAP(VARCHAR, VARCHAR) -- all attributes as text
);
