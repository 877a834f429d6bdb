-- Who changed what.
SELECT
    t.audit_id AS audit_id, -- order
    t.happened_at AS happened_at, -- when
    t.actor AS actor, -- who
    t.action AS action, -- what was done
    t.subject AS subject, -- to what
    t.detail AS detail -- JSON
FROM ledger.audit AS t
