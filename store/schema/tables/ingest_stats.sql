-- What each load brought.
CREATE TABLE ledger.ingest_stats (
    load_seq BIGINT NOT NULL, -- number of the load
    loaded_at TIMESTAMP NOT NULL, -- when it was committed
    signal VARCHAR NOT NULL, -- traces, logs or metrics
    bodies BIGINT NOT NULL, -- request bodies
    bytes BIGINT NOT NULL, -- bytes of the bodies as they came
    records BIGINT NOT NULL, -- spans, log records or points kept
    duplicates BIGINT NOT NULL, -- bodies or spans that were there already
    rejected BIGINT NOT NULL, -- records that went to dead_letters
    oldest_received_at TIMESTAMP, -- of the load's bodies: how long the oldest waited
    is_import BOOLEAN NOT NULL -- from disk, not from an agent: fills history, notifies nobody
);
