-- Records of all loads that are kept.
SELECT coalesce(sum(t.records), 0) AS records
FROM ledger.ingest_stats AS t
