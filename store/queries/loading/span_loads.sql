-- The newest load after which at least that many spans were loaded; 0 when there are fewer in all.
SELECT coalesce(max(t.load_seq), 0) AS floor
FROM (
    SELECT
        i.load_seq AS load_seq,
        sum(i.records) OVER (ORDER BY i.load_seq DESC) - i.records AS spans_after
    FROM ledger.ingest_stats AS i
    WHERE i.signal = 'traces'
) AS t
WHERE t.spans_after >= $enough
