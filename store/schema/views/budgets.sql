-- Budgets and what is spent of them.
SELECT
    t.budget AS budget, -- name
    t.period AS period, -- day, week or month
    t.limit_usd AS limit_usd, -- limit
    t.filter AS filter, -- JSON of the dimensions it covers
    t.spent_usd AS spent_usd, -- spent in the present period
    t.evaluated_at AS evaluated_at -- when that was measured
FROM ledger.budgets AS t
