-- Up to which load telemetry was deleted while what described it is still there; no row where nothing is left behind.
SELECT w.load_seq AS load_seq
FROM ledger.watermarks AS w
WHERE w.job = 'retention'
