-- Version of the price book; 0 when there is none.
SELECT coalesce(max(p.cost_version), 0) AS cost_version
FROM ledger.prices AS p
