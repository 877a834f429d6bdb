-- The price book's rows of the present version.
SELECT *
FROM ledger.prices
WHERE cost_version = (SELECT max(v.book_version) FROM ledger.cost_versions AS v)
