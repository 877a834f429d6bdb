-- The last load that something was derived from, and how many rows name a trace.
SELECT
    coalesce(max(k.load_seq), 0) AS last_load,
    count(*) AS traces
FROM (
    SELECT r.load_seq AS load_seq FROM ledger.runs AS r
    UNION ALL
    SELECT w.load_seq AS load_seq FROM ledger.traces_without_runs AS w
) AS k
