-- The work list of the rollup job, the latest hours first: what is live does not wait behind what is filled in.
SELECT load_seq, subject, hour_at
FROM ledger.touched_hours
ORDER BY hour_at DESC, subject, load_seq
LIMIT $max_rows
