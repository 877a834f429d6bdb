-- Events and failures of production per hour and series: runs by agent, tool calls by agent and tool.
SELECT
    h.subject AS subject,
    h.service AS service,
    h.environment AS environment,
    h.agent AS agent,
    h.tool AS tool,
    h.hour_at AS hour_at,
    sum(h.events) AS events,
    sum(CASE WHEN h.outcome IN ('failure', 'error') THEN h.events ELSE 0 END) AS failures
FROM ledger.hourly AS h
WHERE h.subject IN ('run', 'tool_call')
    AND h.purpose = 'production'
    AND h.hour_at >= $since
    AND h.hour_at < $until
GROUP BY h.subject, h.service, h.environment, h.agent, h.tool, h.hour_at
ORDER BY
    subject, service NULLS FIRST, environment NULLS FIRST, agent NULLS FIRST, tool NULLS FIRST, hour_at
