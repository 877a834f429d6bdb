-- Work list of the facts job: traces to derive again although no new span came (a late score, a corrected mapping).
CREATE TABLE ledger.touched_traces (
    touch BIGINT NOT NULL, -- number of the touch, later ones higher: a touch while the job runs is not lost
    trace_id VARCHAR NOT NULL, -- trace to derive again
    since_load BIGINT NOT NULL, -- load at or before the first of its spans; 0: unknown, all of history is read
    reason VARCHAR NOT NULL -- what changed: score, outcome, mapping, settings …
);
