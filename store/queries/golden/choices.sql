-- Runs that may become cases of an evaluation dataset: the worst, the lowest scored or the newest first, or in an order that a seed draws.
SELECT
    t.run_id AS run_id,
    t.trace_id AS trace_id,
    t.service AS service,
    t.agent AS agent,
    t.agent_version AS agent_version,
    t.prompt_name AS prompt_name,
    t.prompt_version AS prompt_version,
    t.started_at AS started_at,
    t.outcome AS outcome,
    t.outcome_reason AS outcome_reason,
    t.failure_class AS failure_class,
    t.feedback AS feedback,
    t.confidence AS confidence,
    t.steps AS steps,
    t.loops AS loops,
    t.duration_ms AS duration_ms,
    t.cost_usd AS cost_usd,
    f.lowest_score AS lowest_score,
    t.input AS input,
    t.output AS output
FROM ledger.runs AS t
LEFT JOIN (
    SELECT s.run_id AS run_id, min(s.value) AS lowest_score
    FROM ledger.scores AS s
    WHERE s.run_id IS NOT NULL AND s.value IS NOT NULL
    GROUP BY s.run_id
) AS f ON f.run_id = t.run_id
WHERE t.started_at >= $start AND t.started_at < $until AND t.purpose = 'production' AND t.input IS NOT NULL
    AND ('*' IN $services OR t.service IN $services)
    AND ('*' IN $agents OR t.agent IN $agents)
    AND (
        $kind IN ('random', 'new')
        OR $kind = 'picked' AND t.run_id IN $run_ids
        OR $kind = 'failed' AND t.outcome = 'failure'
        OR $kind = 'low' AND (f.lowest_score IS NOT NULL OR t.feedback < 0)
        OR $kind = 'worst' AND (t.outcome = 'failure' OR t.feedback < 0 OR t.loops > 0 OR t.tool_failures > 0)
    )
ORDER BY
    CASE WHEN $kind = 'random' THEN MD5(concat($seed, t.run_id)) END NULLS LAST,
    CASE WHEN $kind = 'low' THEN coalesce(f.lowest_score, t.feedback) END NULLS LAST,
    CASE
        WHEN $kind = 'worst' THEN
            CASE WHEN t.feedback < 0 THEN 0 ELSE 4 END + CASE WHEN t.outcome = 'failure' THEN 0 ELSE 2 END
            + CASE WHEN t.loops > 0 THEN 0 ELSE 1 END
    END NULLS LAST,
    t.started_at DESC, t.run_id
LIMIT $max_rows
