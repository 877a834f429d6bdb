-- Some resources with their attributes.
SELECT
    r.resource_id AS resource_id,
    r.attributes AS attributes
FROM ledger.resources AS r
WHERE r.resource_id IN (SELECT c.resource_id FROM candidates AS c)
