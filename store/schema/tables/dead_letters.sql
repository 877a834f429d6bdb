-- What could not be loaded, with the reason; nothing acknowledged disappears silently.
CREATE TABLE ledger.dead_letters (
    received_at TIMESTAMP NOT NULL, -- when the collector acknowledged the body
    signal VARCHAR NOT NULL, -- traces, logs or metrics
    reason VARCHAR NOT NULL, -- short machine-readable reason: bad_trace_id, time_out_of_range, undecodable …
    detail VARCHAR, -- one sentence with the value
    body_sha256 VARCHAR, -- body it came in
    trace_id VARCHAR, -- as sent, hex
    span_id VARCHAR, -- as sent, hex
    record VARCHAR USING COMPRESSION zstd -- the record or the head of the body, at most 64 KiB; protobuf as base64
);
