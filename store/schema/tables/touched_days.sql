-- Days whose rollup per day does not hold what their hours hold: work list of the days job, and what readers take from the hours.
CREATE TABLE ledger.touched_days (
    subject VARCHAR NOT NULL, -- run, llm_call, tool_call, session or case
    day_at TIMESTAMP NOT NULL -- day to add up again
);
