-- Production runs that shadow runs name by run or trace, or that were asked the same.
SELECT
    t.run_id AS run_id,
    t.trace_id AS trace_id,
    t.input AS input,
    t.outcome AS outcome,
    t.duration_ms AS duration_ms,
    t.cost_usd AS cost_usd,
    t.started_at AS started_at,
    t.agent_version AS agent_version
FROM ledger.runs AS t
WHERE t.started_at >= $start AND t.started_at < $until AND t.purpose = 'production'
    AND (
        t.run_id IN (SELECT a.shadow_of FROM named AS a)
        OR t.trace_id IN (SELECT a.shadow_of FROM named AS a)
        OR t.input IN (SELECT b.input FROM inputs AS b)
    )
ORDER BY t.started_at, t.run_id
