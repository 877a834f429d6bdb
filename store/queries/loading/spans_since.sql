-- Identities of the spans that were loaded after a load.
SELECT
    s.load_seq AS load_seq,
    s.trace_id AS trace_id,
    s.span_id AS span_id
FROM ledger.spans AS s
WHERE s.load_seq > $floor
