-- How far the log is loaded; written in the transaction that writes the rows. The highest load_seq is the present position.
CREATE TABLE ledger.load_positions (
    load_seq BIGINT NOT NULL, -- number of the load
    batch_id VARCHAR NOT NULL, -- idempotency key of the load
    segment BIGINT, -- segment of the log; NULL for imports
    log_offset BIGINT -- first byte that is not yet loaded
);
