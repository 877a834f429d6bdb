-- What deleted runs of the asked conversations came to.
SELECT e.conversation_id, e.started_at, e.runs, e.cost_usd, e.unpriced_calls
FROM ledger.expired_runs AS e
WHERE e.conversation_id IN (SELECT a.conversation_id FROM asked AS a)
ORDER BY e.conversation_id, e.started_at
