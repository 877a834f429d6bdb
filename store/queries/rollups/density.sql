-- How many rows the rollups are added up from, and over which time they lie: facts, and hourly counts per bucket.
SELECT
    'facts' AS rows_of,
    CAST(sum(f.row_count) AS BIGINT) AS total_rows,
    min(f.begin_at) AS first_at,
    max(f.end_at) AS last_at
FROM (
    SELECT count(*) AS row_count, min(r.started_at) AS begin_at, max(r.started_at) AS end_at FROM ledger.runs AS r
    UNION ALL
    SELECT count(*) AS row_count, min(c.started_at) AS begin_at, max(c.started_at) AS end_at FROM ledger.llm_calls AS c
    UNION ALL
    SELECT count(*) AS row_count, min(t.started_at) AS begin_at, max(t.started_at) AS end_at FROM ledger.tool_calls AS t
) AS f
UNION ALL
SELECT 'buckets' AS rows_of, count(*) AS total_rows, min(b.hour_at) AS first_at, max(b.hour_at) AS last_at
FROM ledger.hourly_buckets AS b
