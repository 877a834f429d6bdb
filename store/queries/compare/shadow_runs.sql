-- Shadow runs of a window, and which run each names as the one it shadows.
SELECT
    t.run_id AS run_id,
    t.trace_id AS trace_id,
    t.input AS input,
    t.outcome AS outcome,
    t.duration_ms AS duration_ms,
    t.cost_usd AS cost_usd,
    t.started_at AS started_at,
    t.agent_version AS agent_version,
    attr(s.attributes, 'spanledger.shadow_of') AS shadow_of
FROM ledger.runs AS t
LEFT JOIN ledger.spans AS s ON s.trace_id = t.trace_id AND s.span_id = t.root_span_id
    AND s.started_at >= $start AND s.started_at < $until
WHERE t.started_at >= $start AND t.started_at < $until AND t.purpose = 'shadow'
    AND ('*' IN $agents OR t.agent IN $agents)
    AND ('*' IN $services OR t.service IN $services)
ORDER BY t.started_at, t.run_id
LIMIT $max_rows
