-- Versions of the schema this database has had; the highest, latest row is the present.
CREATE TABLE ledger.schema_versions (
    version BIGINT NOT NULL, -- number of the migration
    applied_at TIMESTAMP NOT NULL, -- when
    definitions VARCHAR NOT NULL -- hash of the views and functions; empty until they were created for this version
);
