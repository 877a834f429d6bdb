-- Tool calls, those that failed, and what they cost, per bin of the window and tool.
SELECT
    CAST(floor(date_diff('second', $start, f.at) / $bin_s) AS BIGINT) AS bin,
    f.tool AS tool,
    sum(f.events) AS calls,
    sum(f.failures) AS failures,
    sum(f.cost_usd) AS cost_usd
FROM (
    SELECT h.hour_at AS at, h.tool AS tool, h.events AS events, CASE WHEN h.outcome = 'error' THEN h.events ELSE 0 END AS failures,
        h.cost_usd AS cost_usd
    FROM ledger.hourly AS h
    WHERE h.subject = 'tool_call' AND h.hour_at >= $start AND h.hour_at < $fresh_from
        AND ('*' IN $agents OR h.agent IN $agents)
        AND ('*' IN $environments OR h.environment IN $environments)
        AND ('*' IN $services OR h.service IN $services)
        AND ('*' IN $purposes OR h.purpose IN $purposes)
    UNION ALL
    SELECT t.started_at AS at, t.tool AS tool, 1 AS events, CASE WHEN t.status = 'error' THEN 1 ELSE 0 END AS failures,
        usd(t.cost_usd) AS cost_usd
    FROM ledger.tool_calls AS t
    WHERE t.started_at >= $fresh_from AND t.started_at < $until
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
) AS f
GROUP BY bin, tool
ORDER BY bin, tool NULLS LAST
