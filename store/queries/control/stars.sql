-- What the mirror of the control table stars holds now.
SELECT
    t.run_id AS run_id,
    t.author AS author,
    t.starred_at AS starred_at
FROM ledger.stars AS t
ORDER BY t.run_id, t.starred_at, t.author
