-- Runs whose calls were priced again, complete.
SELECT t.*
FROM ledger.runs AS t
WHERE t.run_id IN (SELECT a.run_id FROM asked AS a)
ORDER BY t.run_id
