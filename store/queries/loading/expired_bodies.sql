-- Some of the bodies that were received before a time.
SELECT b.received_at AS received_at, b.body_sha256 AS body_sha256
FROM ledger.loaded_bodies AS b
WHERE b.received_at < $until
ORDER BY b.received_at
LIMIT 50000
