-- Failed tool calls of the window per tool and type of error.
SELECT
    t.tool AS tool,
    coalesce(t.error_type, t.failure_class) AS error_type,
    count(*) AS failures
FROM ledger.tool_calls AS t
WHERE t.status = 'error' AND t.started_at >= $start AND t.started_at < $until
        AND ('*' IN $models OR t.run_id IN (
            SELECT c.run_id
            FROM ledger.llm_calls AS c
            WHERE c.started_at >= $start AND c.started_at < $until
                AND coalesce(c.response_model, c.request_model) IN $models
        ))
    AND ('*' IN $agents OR t.agent IN $agents)
    AND ('*' IN $environments OR t.environment IN $environments)
    AND ('*' IN $services OR t.service IN $services)
    AND ('*' IN $purposes OR t.purpose IN $purposes)
GROUP BY t.tool, coalesce(t.error_type, t.failure_class)
ORDER BY t.tool NULLS LAST, count(*) DESC, coalesce(t.error_type, t.failure_class) NULLS LAST
