-- Results of evaluation suites: one row per case, version and time it was run.
SELECT
    t.suite AS suite, -- name of the suite
    t.case_id AS case_id, -- case of the suite: the run_id a golden case came from, or a name
    t.version AS version, -- what was tested: version of agent, prompt or model
    t.passed AS passed, -- NULL when the case could not be judged
    t.value AS value, -- score; NULL when there is none
    t.explanation AS explanation, -- the judge's words
    t.evaluated_at AS evaluated_at -- when it was run
FROM ledger.evaluations AS t
