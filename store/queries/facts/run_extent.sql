-- The last load of a run, and how many runs there are.
SELECT
    coalesce(max(r.load_seq), 0) AS last_load,
    count(*) AS runs
FROM ledger.runs AS r
