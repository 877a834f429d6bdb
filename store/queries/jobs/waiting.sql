-- What waits for the jobs of the chain: how much, of what, and when the oldest of it was loaded, where a load brought it.
SELECT f.job AS job, f.unit AS unit, f.waiting AS waiting, f.since AS since
FROM (
    SELECT
        0 AS position,
        'facts' AS job,
        'spans' AS unit,
        CAST(coalesce(sum(i.records), 0) AS BIGINT) AS waiting,
        CASE WHEN count(*) > 0 THEN min(i.loaded_at) END AS since
    FROM ledger.ingest_stats AS i
    WHERE i.signal = 'traces'
        AND i.load_seq > (SELECT coalesce(max(w.load_seq), 0) FROM ledger.watermarks AS w WHERE w.job = 'facts')
    UNION ALL
    SELECT
        1 AS position,
        'facts' AS job,
        'touched traces' AS unit,
        CAST(count(DISTINCT t.trace_id) AS BIGINT) AS waiting,
        CAST(NULL AS TIMESTAMP) AS since
    FROM ledger.touched_traces AS t
    UNION ALL
    SELECT
        2 AS position,
        'sessions' AS job,
        'conversations' AS unit,
        CAST(count(DISTINCT t.session_id) AS BIGINT) AS waiting,
        CASE WHEN count(i.loaded_at) > 0 THEN min(i.loaded_at) END AS since
    FROM ledger.touched_sessions AS t
    LEFT JOIN ledger.ingest_stats AS i ON i.load_seq = t.load_seq
    UNION ALL
    SELECT
        3 AS position,
        'rollups' AS job,
        'hours' AS unit,
        CAST(count(DISTINCT t.hour_at) AS BIGINT) AS waiting,
        CASE WHEN count(i.loaded_at) > 0 THEN min(i.loaded_at) END AS since
    FROM ledger.touched_hours AS t
    LEFT JOIN ledger.ingest_stats AS i ON i.load_seq = t.load_seq
    UNION ALL
    SELECT
        4 AS position,
        'days' AS job,
        'days' AS unit,
        CAST(count(DISTINCT t.day_at) AS BIGINT) AS waiting,
        CAST(NULL AS TIMESTAMP) AS since
    FROM ledger.touched_days AS t
    WHERE t.day_at < $today
) AS f
ORDER BY f.position
