-- Cases that closed in a stretch of time, one a row.
SELECT t.case_id AS case_id, t.outcome AS outcome, t.sessions AS sessions, t.cost_usd AS cost_usd, t.unpriced_calls AS unpriced_calls
FROM ledger.cases AS t
WHERE t.closed_at >= $first AND t.closed_at < $until AND t.purpose = 'production'
ORDER BY case_id
