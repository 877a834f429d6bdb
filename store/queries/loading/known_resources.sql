-- Which of some resources are stored.
SELECT DISTINCT r.resource_id AS resource_id
FROM ledger.resources AS r
INNER JOIN candidates AS c ON c.resource_id = r.resource_id
