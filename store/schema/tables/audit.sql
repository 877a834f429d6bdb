-- Who changed what, mirrored from the control state.
CREATE TABLE ledger.audit (
    audit_id BIGINT NOT NULL, -- order
    happened_at TIMESTAMP NOT NULL, -- when
    actor VARCHAR NOT NULL, -- who
    action VARCHAR NOT NULL, -- what was done
    subject VARCHAR, -- to what
    detail VARCHAR -- JSON
);
