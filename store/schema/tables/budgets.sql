-- Limits on what is used, money or another unit, one row per budget and group; mirrored from the control state.
CREATE TABLE ledger.budgets (
    fingerprint VARCHAR NOT NULL, -- hash of the name and the labels
    budget VARCHAR NOT NULL, -- name
    labels MAP(VARCHAR, VARCHAR), -- group the row is about, such as one user; empty for a budget of all
    filter VARCHAR, -- JSON of the dimensions it covers
    unit VARCHAR NOT NULL, -- what is limited: usd, tokens, runs, sessions …
    period VARCHAR NOT NULL, -- day, week or month of the calendar (UTC), else a rolling length such as 24h
    limit_value DECIMAL(38, 12) NOT NULL, -- limit, in the unit
    used_value DECIMAL(38, 12), -- used in the present period, in the unit
    forecast_value DECIMAL(38, 12), -- use by the end of the period at the pace so far; NULL when too early to say
    state VARCHAR, -- ok, warning or exceeded
    resets_at TIMESTAMP, -- end of the calendar period; NULL for rolling ones
    evaluated_at TIMESTAMP -- when that was measured
);
