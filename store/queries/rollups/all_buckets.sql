-- The whole rollup of values per bucket.
SELECT t.*
FROM ledger.hourly_buckets AS t
ORDER BY t.hour_at, t.subject, t.measure, t.agent, t.model, t.tool, t.outcome, t.bucket
