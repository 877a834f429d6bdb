-- Why records could not be loaded, the most frequent reason first.
SELECT d.signal AS signal, d.reason AS reason, count(*) AS records, max(d.received_at) AS last_at
FROM ledger.dead_letters AS d
WHERE d.received_at >= $start AND d.received_at < $until
GROUP BY d.signal, d.reason
ORDER BY count(*) DESC, d.signal, d.reason
LIMIT 50
