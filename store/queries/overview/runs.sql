-- Runs per bin of the window and outcome: whole hours from the rollup, the rest from the runs.
SELECT
    CAST(floor(date_diff('second', $start, f.at) / $bin_s) AS BIGINT) AS bin,
    f.outcome AS outcome,
    sum(f.events) AS runs
FROM (
    SELECT h.hour_at AS at, h.outcome AS outcome, h.events AS events
    FROM ledger.hourly AS h
    WHERE h.subject = 'run' AND h.hour_at >= $start AND h.hour_at < $fresh_from
        AND ('*' IN $agents OR h.agent IN $agents)
        AND ('*' IN $environments OR h.environment IN $environments)
        AND ('*' IN $services OR h.service IN $services)
        AND ('*' IN $purposes OR h.purpose IN $purposes)
    UNION ALL
    SELECT t.started_at AS at, t.outcome AS outcome, 1 AS events
    FROM ledger.runs AS t
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
GROUP BY bin, outcome
ORDER BY bin, outcome NULLS LAST
