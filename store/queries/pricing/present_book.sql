-- The price book's rows of the highest version.
SELECT *
FROM ledger.prices
WHERE cost_version = (SELECT max(cost_version) FROM ledger.prices)
