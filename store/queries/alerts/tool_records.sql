-- What happened to each tool in production in a window: calls, failures, failures since the last success, and the last failure.
SELECT
    m.tool AS tool,
    count(*) AS calls,
    sum(m.is_failure) AS failures,
    sum(CASE WHEN m.is_failure = 1 AND (m.last_ok_at IS NULL OR m.started_at > m.last_ok_at) THEN 1 ELSE 0 END) AS streak,
    max(CASE WHEN m.is_failure = 1 THEN m.started_at END) AS last_failed_at
FROM (
    SELECT
        f.tool AS tool,
        f.started_at AS started_at,
        f.is_failure AS is_failure,
        max(CASE WHEN f.is_failure = 0 THEN f.started_at END) OVER (PARTITION BY f.tool) AS last_ok_at
    FROM (
        SELECT
            t.tool AS tool,
            t.started_at AS started_at,
            CASE WHEN t.status = 'error' THEN 1 ELSE 0 END AS is_failure
        FROM ledger.tool_calls AS t
        WHERE t.started_at >= $start AND t.started_at < $end AND t.purpose = 'production' AND t.tool IS NOT NULL
    ) AS f
) AS m
GROUP BY m.tool
ORDER BY m.tool
