-- How many users there were in the window, and how much of it nobody named a user for.
SELECT
    count(DISTINCT r.user_id) AS users,
    count(*) AS runs,
    sum(CASE WHEN r.user_id IS NULL THEN 1 ELSE 0 END) AS unnamed_runs,
    sum(r.cost_usd) AS cost_usd,
    sum(CASE WHEN r.user_id IS NOT NULL THEN r.cost_usd END) AS named_cost_usd,
    sum(r.unpriced_calls) AS unpriced_calls
FROM ledger.runs AS r
WHERE r.started_at >= $start AND r.started_at < $until
    AND ('*' IN $agents OR r.agent IN $agents)
    AND ('*' IN $environments OR r.environment IN $environments)
    AND ('*' IN $services OR r.service IN $services)
    AND ('*' IN $purposes OR r.purpose IN $purposes)
