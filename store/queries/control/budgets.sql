-- What the mirror of the control table budgets holds now.
SELECT
    t.budget AS budget,
    t.period AS period,
    t.limit_usd AS limit_usd,
    t.filter AS filter,
    t.spent_usd AS spent_usd,
    t.evaluated_at AS evaluated_at
FROM ledger.budgets AS t
ORDER BY t.budget
