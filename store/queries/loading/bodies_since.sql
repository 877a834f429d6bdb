-- Bodies received after a time.
SELECT b.body_sha256 AS body_sha256
FROM ledger.loaded_bodies AS b
WHERE b.received_at >= $since
