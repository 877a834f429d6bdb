-- Cases that are open, and what they cost so far.
SELECT count(*) AS cases, usd(sum(t.cost_usd)) AS total_usd
FROM ledger.cases AS t
WHERE t.closed_at IS NULL AND t.opened_at < $until AND t.purpose = 'production'
