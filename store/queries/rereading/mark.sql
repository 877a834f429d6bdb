-- How far a reading of stored spans came that did not end; 0 when there is none.
SELECT coalesce(max(w.load_seq), 0) AS load_seq
FROM ledger.watermarks AS w
WHERE w.job = $job
