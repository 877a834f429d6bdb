-- Every metric data point as received.
SELECT
    t.received_at AS received_at, -- when the collector acknowledged the body
    t.service AS service, -- resource service.name
    t.environment AS environment, -- resource deployment.environment(.name)
    t.scope_name AS scope_name, -- instrumentation scope
    t.scope_version AS scope_version, -- version of the instrumentation scope
    t.metric AS metric, -- metric name
    t.type AS type, -- gauge, sum, histogram, exponential_histogram or summary
    t.unit AS unit, -- UCUM unit
    t.temporality AS temporality, -- delta or cumulative; NULL where the type has none
    t.is_monotonic AS is_monotonic, -- for sums
    t.started_at AS started_at, -- start of the interval; NULL when not sent
    t.recorded_at AS recorded_at, -- time of the point
    t.value AS value, -- of gauges and sums
    t.count AS count, -- of distributions
    t.sum AS sum, -- of distributions; NULL when not sent
    t.min AS min, -- of distributions; NULL when not sent
    t.max AS max, -- of distributions; NULL when not sent
    t.distribution AS distribution, -- JSON of the buckets or quantiles; NULL for gauges and sums
    t.attributes AS attributes, -- all attributes as text
    e.attributes AS resource -- all resource attributes as text
FROM ledger.metric_points AS t
LEFT JOIN ledger.resources AS e ON e.resource_id = t.resource_id
