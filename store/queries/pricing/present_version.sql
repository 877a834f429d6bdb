-- The present version of cost.
SELECT v.cost_version AS cost_version, v.book_version AS book_version, v.fingerprint AS fingerprint
FROM ledger.cost_versions AS v
ORDER BY v.cost_version DESC
LIMIT 1
