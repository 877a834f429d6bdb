-- How much has arrived, and when the last of it did.
SELECT
    sum(t.records) AS spans,
    max(t.loaded_at) AS last_loaded_at
FROM ledger.ingest_stats AS t
WHERE t.signal = 'traces'
