-- Runs whose calls were priced again.
SELECT t.run_id, t.session_id, t.started_at, t.ended_at
FROM ledger.runs AS t
WHERE t.run_id IN (SELECT a.run_id FROM asked AS a)
ORDER BY t.run_id
