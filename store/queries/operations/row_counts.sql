-- How many rows the main tables hold.
SELECT f.name, f.row_count
FROM (
    SELECT 'spans' AS name, count(*) AS row_count FROM ledger.spans
    UNION ALL SELECT 'logs' AS name, count(*) AS row_count FROM ledger.logs
    UNION ALL SELECT 'metric_points' AS name, count(*) AS row_count FROM ledger.metric_points
    UNION ALL SELECT 'llm_calls' AS name, count(*) AS row_count FROM ledger.llm_calls
    UNION ALL SELECT 'tool_calls' AS name, count(*) AS row_count FROM ledger.tool_calls
    UNION ALL SELECT 'runs' AS name, count(*) AS row_count FROM ledger.runs
    UNION ALL SELECT 'sessions' AS name, count(*) AS row_count FROM ledger.sessions
    UNION ALL SELECT 'cases' AS name, count(*) AS row_count FROM ledger.cases
    UNION ALL SELECT 'dead_letters' AS name, count(*) AS row_count FROM ledger.dead_letters
) AS f
ORDER BY f.name
