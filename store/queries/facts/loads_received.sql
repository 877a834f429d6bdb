-- First and last of the loads whose spans were received within a stretch of time; 0 when there are none.
SELECT
    coalesce(min(s.load_seq), 0) AS first_load,
    coalesce(max(s.load_seq), 0) AS last_load
FROM ledger.spans AS s
WHERE s.received_at BETWEEN $since AND $until
