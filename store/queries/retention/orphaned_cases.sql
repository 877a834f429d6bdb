-- Cases of which no session is left.
SELECT c.case_id AS case_id, c.opened_at AS opened_at, c.closed_at AS closed_at
FROM ledger.cases AS c
WHERE c.case_id NOT IN (SELECT s.case_id FROM ledger.sessions AS s)
ORDER BY c.opened_at, c.case_id
