-- Traces in which nothing was counted so far; a late span may make a run of one, however old it is.
CREATE TABLE ledger.traces_without_runs (
    load_seq BIGINT NOT NULL, -- highest load_seq of the trace when the row was written
    first_load BIGINT NOT NULL, -- lowest load_seq of the trace: where to look for its spans
    trace_id VARCHAR NOT NULL -- the trace
);
