-- Judgements of the window by what was judged and who judged; negative ones are below zero, or labelled so.
SELECT
    s.name AS name,
    s.source AS source,
    count(*) AS scores,
    avg(s.value) AS mean_value,
    min(s.value) AS least_value,
    max(s.value) AS most_value,
    sum(CASE WHEN s.value > 0 THEN 1 ELSE 0 END) AS positive,
    sum(CASE WHEN s.value IS NOT NULL THEN 1 ELSE 0 END) AS numbers,
    count(DISTINCT s.label) AS labels,
    max(s.scored_at) AS last_at
FROM ledger.scores AS s
LEFT JOIN ledger.runs AS r ON r.run_id = s.run_id
LEFT JOIN ledger.sessions AS q ON q.session_id = s.target_id AND s.target = 'session'
WHERE s.scored_at >= $start AND s.scored_at < $until
    AND ('*' IN $agents OR coalesce(r.agent, q.agent) IN $agents)
    AND ('*' IN $environments OR coalesce(r.environment, q.environment) IN $environments)
    AND ('*' IN $services OR coalesce(r.service, q.service) IN $services)
    AND ('*' IN $purposes OR coalesce(r.purpose, q.purpose, 'production') IN $purposes)
GROUP BY s.name, s.source
ORDER BY count(*) DESC, s.name, s.source
LIMIT 100
