-- Durations of runs per bin of the window, as counts per logarithmic bucket.
SELECT
    CAST(floor(date_diff('second', $start, f.at) / $bin_s) AS BIGINT) AS bin,
    f.bucket AS bucket,
    sum(f.events) AS events
FROM (
    SELECT h.hour_at AS at, h.bucket AS bucket, h.events AS events
    FROM ledger.hourly_buckets AS h
    WHERE h.subject = 'run' AND h.measure = 'duration_ms' AND h.hour_at >= $start AND h.hour_at < $fresh_from
        AND ('*' IN $agents OR h.agent IN $agents)
        AND ('*' IN $environments OR h.environment IN $environments)
        AND ('*' IN $services OR h.service IN $services)
        AND ('*' IN $purposes OR h.purpose IN $purposes)
    UNION ALL
    SELECT t.started_at AS at, bucket_of(t.duration_ms) AS bucket, 1 AS events
    FROM ledger.runs AS t
    WHERE t.started_at >= $fresh_from AND t.started_at < $until
        AND t.duration_ms IS NOT NULL
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
GROUP BY bin, bucket
ORDER BY bin, bucket
