-- Which of some bodies were loaded, and when they had been received last.
SELECT
    b.body_sha256 AS body_sha256,
    max(b.received_at) AS last_received_at
FROM ledger.loaded_bodies AS b
INNER JOIN candidates AS c ON c.body_sha256 = b.body_sha256
GROUP BY b.body_sha256
