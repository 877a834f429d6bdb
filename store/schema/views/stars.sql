-- Runs that people starred.
SELECT
    t.run_id AS run_id, -- run
    t.author AS author, -- who starred it
    t.starred_at AS starred_at -- when
FROM ledger.stars AS t
