-- Messages about alerts that reached a channel, tests included.
SELECT
    n.channel AS channel,
    count(*) AS deliveries
FROM ledger.notifications AS n
WHERE n.delivered_at >= $since AND n.delivered_at < $until
GROUP BY n.channel
ORDER BY n.channel
