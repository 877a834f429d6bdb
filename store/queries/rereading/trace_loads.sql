-- The loads in which some traces lie, and how many spans they have.
SELECT
    s.trace_id AS trace_id,
    min(s.load_seq) AS since_load,
    max(s.load_seq) AS last_load,
    count(*) AS spans
FROM ledger.spans AS s
WHERE s.trace_id IN (SELECT a.trace_id FROM asked AS a)
GROUP BY s.trace_id
