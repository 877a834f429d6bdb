-- Which run a span belongs to, only for traces with several runs; elsewhere the sole run has them all.
CREATE TABLE ledger.run_spans (
    trace_id VARCHAR NOT NULL, -- trace of both
    span_id VARCHAR NOT NULL, -- span
    run_id VARCHAR NOT NULL -- its run
);
