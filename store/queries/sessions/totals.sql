-- How many sessions were active in the window, how many runs they have, how they ended, and what they cost.
SELECT
    s.outcome AS outcome,
    count(*) AS sessions,
    sum(s.runs) AS runs,
    sum(s.cost_usd) AS cost_usd,
    sum(s.unpriced_calls) AS unpriced_calls,
    sum(CASE WHEN s.is_conversation THEN 1 ELSE 0 END) AS conversations,
    sum(CASE WHEN s.reopened THEN 1 ELSE 0 END) AS reopened
FROM ledger.sessions AS s
WHERE s.last_at >= $start AND s.started_at < $until
    AND ('*' IN $agents OR s.agent IN $agents)
    AND ('*' IN $environments OR s.environment IN $environments)
    AND ('*' IN $services OR s.service IN $services)
    AND ('*' IN $purposes OR s.purpose IN $purposes)
    AND ('*' IN $outcomes OR coalesce(s.outcome, 'open') IN $outcomes)
    AND ($text = '' OR s.user_id = $text OR substring(s.session_id, 1, length($text)) = $text OR s.case_id = $text)
    AND (NOT $only_long OR s.runs > 1)
GROUP BY s.outcome
ORDER BY count(*) DESC, s.outcome NULLS LAST
