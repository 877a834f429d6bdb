-- What all loads together brought, one row per signal.
SELECT
    i.signal AS signal,
    sum(i.records) AS records_total,
    sum(i.rejected) AS rejected_total,
    sum(i.duplicates) AS duplicates_total,
    sum(i.bytes) AS bytes_total,
    sum(i.bodies) AS bodies_total,
    max(i.loaded_at) AS last_loaded_at
FROM ledger.ingest_stats AS i
GROUP BY i.signal
ORDER BY signal
