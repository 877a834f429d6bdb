-- Runs with feedback per bin of the window: liked, disliked, neither.
SELECT
    CAST(floor(date_diff('second', $start, r.started_at) / $bin_s) AS BIGINT) AS bin,
    CASE WHEN r.feedback > 0 THEN 'liked' WHEN r.feedback < 0 THEN 'disliked' ELSE 'neither' END AS feeling,
    count(*) AS runs
FROM ledger.runs AS r
WHERE r.feedback IS NOT NULL AND r.started_at >= $start AND r.started_at < $until
    AND ('*' IN $agents OR r.agent IN $agents)
    AND ('*' IN $environments OR r.environment IN $environments)
    AND ('*' IN $services OR r.service IN $services)
    AND ('*' IN $purposes OR r.purpose IN $purposes)
GROUP BY bin, feeling
ORDER BY bin, feeling
