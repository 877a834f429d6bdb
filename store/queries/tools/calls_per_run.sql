-- How many runs called one tool how often.
SELECT f.calls AS calls, count(*) AS runs
FROM (
    SELECT t.run_id, count(*) AS calls
    FROM ledger.tool_calls AS t
    WHERE t.run_id IS NOT NULL AND t.started_at >= $start AND t.started_at < $until
        AND coalesce(t.tool, '') IN $tools
        AND ('*' IN $agents OR t.agent IN $agents)
        AND ('*' IN $environments OR t.environment IN $environments)
        AND ('*' IN $services OR t.service IN $services)
        AND ('*' IN $purposes OR t.purpose IN $purposes)
    GROUP BY t.run_id
) AS f
GROUP BY f.calls
ORDER BY f.calls
