-- Limits on what is used, and what is used of them, one row per budget and group.
SELECT
    t.fingerprint AS fingerprint, -- hash of the name and the labels
    t.budget AS budget, -- name
    t.labels AS labels, -- group the row is about, such as one user; empty for a budget of all
    t.filter AS filter, -- JSON of the dimensions it covers
    t.unit AS unit, -- what is limited: usd, tokens, runs, sessions …
    t.period AS period, -- day, week or month of the calendar (UTC), else a rolling length such as 24h
    t.limit_value AS limit_value, -- limit, in the unit
    t.used_value AS used_value, -- used in the present period, in the unit
    t.forecast_value AS forecast_value, -- use by the end of the period at the pace so far; NULL when too early to say
    t.state AS state, -- ok, warning or exceeded
    t.resets_at AS resets_at, -- end of the calendar period; NULL for rolling ones
    t.evaluated_at AS evaluated_at -- when that was measured
FROM ledger.budgets AS t
