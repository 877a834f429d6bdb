-- Earlier ids of runs whose root arrived late; an old id still finds its run.
CREATE TABLE ledger.run_aliases (
    old_run_id VARCHAR NOT NULL, -- id the run had while its root was missing
    run_id VARCHAR NOT NULL, -- id it has now
    trace_id VARCHAR NOT NULL -- trace of the run
);
