-- Results of evaluation suites: one row per case, version and time it was run.
CREATE TABLE ledger.evaluations (
    suite VARCHAR NOT NULL, -- name of the suite
    case_id VARCHAR NOT NULL, -- case of the suite: the run_id a golden case came from, or a name
    version VARCHAR NOT NULL, -- what was tested: version of agent, prompt or model
    passed BOOLEAN, -- NULL when the case could not be judged
    value DOUBLE, -- score; NULL when there is none
    explanation VARCHAR USING COMPRESSION zstd, -- the judge's words
    evaluated_at TIMESTAMP NOT NULL -- when it was run
);
