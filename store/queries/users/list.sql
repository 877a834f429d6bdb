-- What each user's runs came to in the window, in the order asked for; at most 100 users.
SELECT
    r.user_id AS user_id,
    count(*) AS runs,
    count(DISTINCT coalesce(r.session_id, r.run_id)) AS sessions,
    sum(CASE WHEN r.outcome IS NOT NULL THEN 1 ELSE 0 END) AS ended,
    sum(CASE WHEN r.outcome = 'failure' THEN 1 ELSE 0 END) AS failures,
    sum(CASE WHEN r.outcome = 'escalated' THEN 1 ELSE 0 END) AS escalations,
    sum(r.input_tokens) AS input_tokens,
    sum(r.output_tokens) AS output_tokens,
    sum(r.cost_usd) AS cost_usd,
    sum(r.unpriced_calls) AS unpriced_calls,
    sum(CASE WHEN r.feedback > 0 THEN 1 ELSE 0 END) AS liked,
    sum(CASE WHEN r.feedback IS NOT NULL THEN 1 ELSE 0 END) AS rated,
    max(r.started_at) AS last_at
FROM ledger.runs AS r
WHERE r.user_id IS NOT NULL AND r.started_at >= $start AND r.started_at < $until
    AND ('*' IN $agents OR r.agent IN $agents)
    AND ('*' IN $environments OR r.environment IN $environments)
    AND ('*' IN $services OR r.service IN $services)
    AND ('*' IN $purposes OR r.purpose IN $purposes)
    AND ($text = '' OR substring(r.user_id, 1, length($text)) = $text)
GROUP BY r.user_id
ORDER BY
    CASE WHEN $sort = 'cost' THEN CAST(sum(r.cost_usd) AS DOUBLE) WHEN $sort = 'failures' THEN CAST(failures AS DOUBLE)
        WHEN $sort = 'runs' THEN CAST(count(*) AS DOUBLE) END DESC NULLS LAST,
    max(r.started_at) DESC, r.user_id
LIMIT 100
