-- The whole rollup of additive figures per day.
SELECT t.*
FROM ledger.daily AS t
ORDER BY t.day_at, t.subject, t.agent, t.model, t.tool, t.outcome, t.failure_class
