-- What the mirror of the control table audit holds now, from a number on.
SELECT
    t.audit_id AS audit_id,
    t.happened_at AS happened_at,
    t.actor AS actor,
    t.action AS action,
    t.subject AS subject,
    t.detail AS detail
FROM ledger.audit AS t
WHERE t.audit_id >= $floor
ORDER BY t.audit_id
