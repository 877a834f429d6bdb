-- Budgets, mirrored from the control state.
CREATE TABLE ledger.budgets (
    budget VARCHAR NOT NULL, -- name
    period VARCHAR NOT NULL, -- day, week or month
    limit_usd DECIMAL(38, 12) NOT NULL, -- limit
    filter VARCHAR, -- JSON of the dimensions it covers
    spent_usd DECIMAL(38, 12), -- spent in the present period
    evaluated_at TIMESTAMP -- when that was measured
);
