-- Times of a window at which prices may have changed: new price books, and prices that begin to hold.
SELECT v.made_at AS marked_at
FROM ledger.cost_versions AS v
WHERE v.kind = 'book' AND v.made_at >= $since AND v.made_at < $until
UNION DISTINCT
SELECT p.valid_from AS marked_at
FROM ledger.prices AS p
WHERE p.valid_from >= $since AND p.valid_from < $until
    AND p.cost_version = (SELECT max(v.book_version) FROM ledger.cost_versions AS v)
