-- What loads brought per bin of the window and signal, and how long the oldest body of a load had waited.
SELECT
    CAST(floor(date_diff('second', $start, i.loaded_at) / $bin_s) AS BIGINT) AS bin,
    i.signal AS signal,
    sum(i.records) AS records,
    sum(i.rejected) AS rejected,
    sum(i.duplicates) AS duplicates,
    sum(i.bytes) AS bytes,
    max(CASE WHEN NOT i.is_import THEN date_diff('second', i.oldest_received_at, i.loaded_at) END) AS lag_s
FROM ledger.ingest_stats AS i
WHERE i.loaded_at >= $start AND i.loaded_at < $until
GROUP BY bin, i.signal
ORDER BY bin, i.signal
