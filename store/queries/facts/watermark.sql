-- The load up to which facts are derived; 0 before the first.
SELECT coalesce(max(w.load_seq), 0) AS load_seq
FROM ledger.watermarks AS w
WHERE w.job = 'facts'
