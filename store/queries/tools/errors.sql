-- Failed tool calls per bin of the window, tool and type of error.
SELECT
    CAST(floor(date_diff('second', $start, t.started_at) / $bin_s) AS BIGINT) AS bin,
    t.tool AS tool,
    coalesce(t.error_type, t.failure_class) AS error_type,
    count(*) AS failures
FROM ledger.tool_calls AS t
WHERE t.status = 'error' AND t.started_at >= $start AND t.started_at < $until
    AND ('*' IN $tools OR coalesce(t.tool, '') IN $tools)
    AND ('*' IN $agents OR t.agent IN $agents)
    AND ('*' IN $environments OR t.environment IN $environments)
    AND ('*' IN $services OR t.service IN $services)
    AND ('*' IN $purposes OR t.purpose IN $purposes)
GROUP BY bin, t.tool, coalesce(t.error_type, t.failure_class)
ORDER BY bin, t.tool NULLS LAST, count(*) DESC, coalesce(t.error_type, t.failure_class) NULLS LAST
