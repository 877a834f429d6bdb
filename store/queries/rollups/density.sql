-- How many rows the rollups are added up from, facts and hourly counts per bucket, and how many hours have any: added up, or waiting for it.
SELECT f.rows_of, f.total_rows, h.hour_count
FROM (
    SELECT 'facts' AS rows_of, CAST(sum(p.row_count) AS BIGINT) AS total_rows
    FROM (
        SELECT count(*) AS row_count FROM ledger.runs
        UNION ALL
        SELECT count(*) AS row_count FROM ledger.llm_calls
        UNION ALL
        SELECT count(*) AS row_count FROM ledger.tool_calls
    ) AS p
    UNION ALL
    SELECT 'buckets' AS rows_of, CAST(count(*) AS BIGINT) AS total_rows FROM ledger.hourly_buckets
) AS f
CROSS JOIN (
    SELECT count(DISTINCT r.hour_at) AS hour_count
    FROM (
        SELECT hour_at FROM ledger.hourly
        UNION ALL
        SELECT hour_at FROM ledger.touched_hours
    ) AS r
) AS h
