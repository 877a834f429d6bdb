-- How model calls ended: by their reason to finish, or by how they failed, per bin of the window and model.
SELECT f.bin, f.model, f.status, f.ending, count(*) AS calls
FROM (
    SELECT
        CAST(floor(date_diff('second', $start, t.started_at) / $bin_s) AS BIGINT) AS bin,
        coalesce(t.response_model, t.request_model) AS model,
        CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END AS status,
        CASE WHEN t.status = 'error' THEN coalesce(t.error_type, t.failure_class) ELSE t.finish_reason END AS ending
    FROM ledger.llm_calls AS t
    WHERE t.started_at >= $start AND t.started_at < $until
        AND ('*' IN $agents OR t.agent IN $agents)
        AND ('*' IN $environments OR t.environment IN $environments)
        AND ('*' IN $services OR t.service IN $services)
        AND ('*' IN $purposes OR t.purpose IN $purposes)
        AND ('*' IN $models OR coalesce(t.response_model, t.request_model) IN $models)
) AS f
GROUP BY f.bin, f.model, f.status, f.ending
ORDER BY f.bin, f.model NULLS LAST, f.status, f.ending NULLS LAST
