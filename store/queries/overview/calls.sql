-- Model calls, their cost and those without a price, per bin of the window and model.
SELECT
    CAST(floor(date_diff('second', $start, f.at) / $bin_s) AS BIGINT) AS bin,
    f.model AS model,
    sum(f.events) AS calls,
    sum(f.cost_usd) AS cost_usd,
    sum(f.unpriced_calls) AS unpriced_calls
FROM (
    SELECT h.hour_at AS at, h.model AS model, h.events AS events, h.cost_usd AS cost_usd, h.unpriced_calls AS unpriced_calls
    FROM ledger.hourly AS h
    WHERE h.subject = 'llm_call' AND h.hour_at >= $start AND h.hour_at < $fresh_from
        AND ('*' IN $agents OR h.agent IN $agents)
        AND ('*' IN $environments OR h.environment IN $environments)
        AND ('*' IN $services OR h.service IN $services)
        AND ('*' IN $purposes OR h.purpose IN $purposes)
        AND ('*' IN $models OR h.model IN $models)
    UNION ALL
    SELECT t.started_at AS at, coalesce(t.response_model, t.request_model) AS model, 1 AS events, usd(t.cost_usd) AS cost_usd,
        CASE WHEN t.cost_status IN ('partial', 'unpriced_model', 'no_usage', 'inconsistent') THEN 1 ELSE 0 END AS unpriced_calls
    FROM ledger.llm_calls AS t
    WHERE t.started_at >= $fresh_from AND t.started_at < $until
        AND ('*' IN $agents OR t.agent IN $agents)
        AND ('*' IN $environments OR t.environment IN $environments)
        AND ('*' IN $services OR t.service IN $services)
        AND ('*' IN $purposes OR t.purpose IN $purposes)
        AND ('*' IN $models OR coalesce(t.response_model, t.request_model) IN $models)
) AS f
GROUP BY bin, model
ORDER BY bin, model NULLS LAST
