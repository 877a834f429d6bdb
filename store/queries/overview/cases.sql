-- Closed cases, what they cost, per bin of the window and outcome; by the time they closed.
SELECT
    CAST(floor(date_diff('second', $start, f.at) / $bin_s) AS BIGINT) AS bin,
    f.outcome AS outcome,
    sum(f.events) AS cases,
    sum(f.cost_usd) AS cost_usd,
    sum(f.unpriced_calls) AS unpriced_calls
FROM (
    SELECT h.hour_at AS at, h.outcome AS outcome, h.events AS events, h.cost_usd AS cost_usd, h.unpriced_calls AS unpriced_calls
    FROM ledger.hourly AS h
    WHERE h.subject = 'case' AND h.hour_at >= $start AND h.hour_at < $fresh_from
        AND ('*' IN $agents OR h.agent IN $agents)
        AND ('*' IN $environments OR h.environment IN $environments)
        AND ('*' IN $services OR h.service IN $services)
        AND ('*' IN $purposes OR h.purpose IN $purposes)
    UNION ALL
    SELECT t.closed_at AS at, t.outcome AS outcome, 1 AS events, t.cost_usd AS cost_usd, t.unpriced_calls AS unpriced_calls
    FROM ledger.cases AS t
    WHERE t.closed_at >= $fresh_from AND t.closed_at < $until
        AND ('*' IN $agents OR t.agent IN $agents)
        AND ('*' IN $environments OR t.environment IN $environments)
        AND ('*' IN $services OR t.service IN $services)
        AND ('*' IN $purposes OR t.purpose IN $purposes)
) AS f
GROUP BY bin, outcome
ORDER BY bin, outcome NULLS LAST
