-- What each load brought.
SELECT
    t.load_seq AS load_seq, -- number of the load
    t.loaded_at AS loaded_at, -- when it was committed
    t.signal AS signal, -- traces, logs or metrics
    t.bodies AS bodies, -- request bodies
    t.bytes AS bytes, -- bytes of the bodies as they came
    t.records AS records, -- spans, log records or points kept
    t.duplicates AS duplicates, -- bodies or spans that were there already
    t.rejected AS rejected, -- records that went to dead_letters
    t.oldest_received_at AS oldest_received_at, -- of the load's bodies: how long the oldest waited
    t.is_import AS is_import -- from disk, not from an agent: fills history, notifies nobody
FROM ledger.ingest_stats AS t
