-- The oldest loads that can be deleted, with their records, oldest first.
SELECT
    t.load_seq AS load_seq,
    max(t.loaded_at) AS loaded_at,
    sum(t.records) AS records
FROM ledger.ingest_stats AS t
WHERE t.loaded_at < $before
GROUP BY t.load_seq
ORDER BY t.load_seq
LIMIT 100000
