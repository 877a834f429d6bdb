-- Model calls and their tokens by kind, per bin of the window and model.
SELECT
    CAST(floor(date_diff('second', $start, f.at) / $bin_s) AS BIGINT) AS bin,
    f.model AS model,
    sum(f.calls) AS calls,
    sum(f.input_tokens) AS input_tokens,
    sum(f.cache_read_tokens) AS cache_read_tokens,
    sum(f.cache_write_tokens) AS cache_write_tokens,
    sum(f.output_tokens) AS output_tokens,
    sum(f.reasoning_tokens) AS reasoning_tokens
FROM (
    SELECT h.hour_at AS at, h.model AS model, h.events AS calls, h.input_tokens AS input_tokens,
        h.cache_read_tokens AS cache_read_tokens, h.cache_write_tokens AS cache_write_tokens,
        h.output_tokens AS output_tokens, h.reasoning_tokens AS reasoning_tokens
    FROM ledger.hourly AS h
    WHERE h.subject = 'llm_call' AND h.hour_at >= $start AND h.hour_at < $fresh_from
        AND ('*' IN $agents OR h.agent IN $agents)
        AND ('*' IN $environments OR h.environment IN $environments)
        AND ('*' IN $services OR h.service IN $services)
        AND ('*' IN $purposes OR h.purpose IN $purposes)
        AND ('*' IN $models OR h.model IN $models)
    UNION ALL
    SELECT t.started_at AS at, coalesce(t.response_model, t.request_model) AS model, 1 AS calls, t.input_tokens AS input_tokens,
        t.cache_read_tokens AS cache_read_tokens, t.cache_write_tokens AS cache_write_tokens,
        t.output_tokens AS output_tokens, t.reasoning_tokens AS reasoning_tokens
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
