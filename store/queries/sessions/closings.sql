-- When some cases closed.
SELECT t.case_id, t.closed_at
FROM ledger.cases AS t
WHERE t.opened_at >= $since AND t.case_id IN (SELECT c.case_id FROM known_cases AS c) AND t.closed_at IS NOT NULL
