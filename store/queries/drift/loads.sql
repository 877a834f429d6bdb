-- How many loads there were since a time, and how many of them came from agents and not from disk.
SELECT
    count(*) AS loads,
    coalesce(sum(CASE WHEN i.is_import THEN 0 ELSE 1 END), 0) AS live_loads
FROM ledger.ingest_stats AS i
WHERE i.loaded_at >= $since
