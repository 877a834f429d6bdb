-- What a month had cost when it was closed, by model: the figures that were reported.
SELECT
    t.month_at AS month_at, -- first instant of the month, UTC
    t.model AS model, -- model of the calls; NULL where none was named
    t.closed_at AS closed_at, -- when it was closed
    t.author AS author, -- who closed it
    t.cost_version AS cost_version, -- version of cost at that time
    t.calls AS calls, -- model calls
    t.unpriced_calls AS unpriced_calls, -- calls without a full price
    t.cost_usd AS cost_usd -- what they cost; NULL when none was priced
FROM ledger.closed_months AS t
