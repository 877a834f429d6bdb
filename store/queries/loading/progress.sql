-- How far the log is loaded, and the number of the last load.
SELECT
    coalesce(max(p.load_seq), 0) AS last_load,
    max(CASE WHEN p.segment = h.segment THEN p.log_offset END) AS log_offset,
    max(h.segment) AS segment
FROM ledger.load_positions AS p
LEFT JOIN (SELECT max(t.segment) AS segment FROM ledger.load_positions AS t) AS h ON h.segment = p.segment
