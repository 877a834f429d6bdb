-- Users that were active, per bin of the window.
SELECT
    CAST(floor(date_diff('second', $start, r.started_at) / $bin_s) AS BIGINT) AS bin,
    count(DISTINCT r.user_id) AS users
FROM ledger.runs AS r
WHERE r.started_at >= $start AND r.started_at < $until
    AND ('*' IN $agents OR r.agent IN $agents)
    AND ('*' IN $environments OR r.environment IN $environments)
    AND ('*' IN $services OR r.service IN $services)
    AND ('*' IN $purposes OR r.purpose IN $purposes)
GROUP BY bin
ORDER BY bin
