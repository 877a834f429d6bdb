-- All cases, by their opening.
SELECT t.*
FROM ledger.cases AS t
ORDER BY t.opened_at, t.case_id
