-- Versions of the schema this database has had; the highest one is the present.
CREATE TABLE ledger.schema_versions (
    version BIGINT NOT NULL, -- number of the migration
    applied_at TIMESTAMP NOT NULL -- when
);
