-- Sessions of some runs.
SELECT DISTINCT coalesce(t.session_id, t.run_id) AS session_id
FROM ledger.runs AS t
WHERE t.run_id IN (SELECT a.run_id FROM asked AS a)
