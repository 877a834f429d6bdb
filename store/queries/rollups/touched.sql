-- The work list of the rollup job, by hour.
SELECT load_seq, subject, hour_at
FROM ledger.touched_hours
ORDER BY hour_at, subject, load_seq
LIMIT $max_rows
