-- How many records could not be loaded since a time.
SELECT count(*) AS letters
FROM ledger.dead_letters AS d
WHERE d.received_at >= $since
