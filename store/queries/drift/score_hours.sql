-- How many scores every hour has.
SELECT hour_of(s.scored_at) AS hour_at, CAST(count(*) AS BIGINT) AS events
FROM ledger.scores AS s
WHERE s.scored_at >= $since AND s.scored_at < $until
GROUP BY hour_of(s.scored_at)
ORDER BY hour_at
