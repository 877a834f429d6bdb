-- One page of the sessions that were active in the window, in the order asked for.
SELECT
    s.session_id AS session_id,
    s.is_conversation AS is_conversation,
    s.case_id AS case_id,
    s.user_id AS user_id,
    s.agent AS agent,
    s.service AS service,
    s.started_at AS started_at,
    s.last_at AS last_at,
    s.closed_at AS closed_at,
    s.outcome AS outcome,
    s.reopened AS reopened,
    s.runs AS runs,
    s.cost_usd AS cost_usd,
    s.unpriced_calls AS unpriced_calls
FROM ledger.sessions AS s
WHERE s.last_at >= $start AND s.started_at < $until
    AND ('*' IN $agents OR s.agent IN $agents)
    AND ('*' IN $environments OR s.environment IN $environments)
    AND ('*' IN $services OR s.service IN $services)
    AND ('*' IN $purposes OR s.purpose IN $purposes)
    AND ('*' IN $outcomes OR coalesce(s.outcome, 'open') IN $outcomes)
    AND ($text = '' OR s.user_id = $text OR substring(s.session_id, 1, length($text)) = $text OR s.case_id = $text)
    AND (NOT $only_long OR s.runs > 1)
ORDER BY
    CASE WHEN $sort = 'cost' THEN CAST(s.cost_usd AS DOUBLE) WHEN $sort = 'runs' THEN CAST(s.runs AS DOUBLE) END DESC NULLS LAST,
    s.last_at DESC, s.session_id
LIMIT $page_rows OFFSET $skipped_rows
