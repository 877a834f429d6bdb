-- Bodies of the last 24 hours by hash, so that a retry after a lost answer, or a repeated import, is loaded once.
CREATE TABLE ledger.loaded_bodies (
    body_sha256 VARCHAR NOT NULL, -- of the body as sent, signal included
    received_at TIMESTAMP NOT NULL -- when it was first acknowledged
);
