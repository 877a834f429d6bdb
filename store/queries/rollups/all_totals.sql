-- The whole rollup of additive figures.
SELECT t.*
FROM ledger.hourly AS t
ORDER BY t.hour_at, t.subject, t.agent, t.model, t.tool, t.outcome, t.failure_class
