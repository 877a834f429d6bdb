-- Which of some traces had no runs before.
SELECT w.trace_id AS trace_id
FROM ledger.traces_without_runs AS w
WHERE w.load_seq >= $first AND w.trace_id IN (SELECT a.trace_id FROM asked AS a)
