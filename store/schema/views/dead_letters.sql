-- What could not be loaded, with the reason.
SELECT
    t.received_at AS received_at, -- when the collector acknowledged the body
    t.signal AS signal, -- traces, logs or metrics
    t.reason AS reason, -- short machine-readable reason: bad_trace_id, time_out_of_range, undecodable …
    t.detail AS detail, -- one sentence with the value
    t.body_sha256 AS body_sha256, -- body it came in
    t.trace_id AS trace_id, -- as sent, hex
    t.span_id AS span_id, -- as sent, hex
    t.record AS record -- the record or the head of the body, at most 64 KiB; protobuf as base64
FROM ledger.dead_letters AS t
