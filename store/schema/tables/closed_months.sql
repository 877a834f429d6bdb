-- What a month had cost when it was closed, by model: the figures that were reported.
CREATE TABLE ledger.closed_months (
    month_at TIMESTAMP NOT NULL, -- first instant of the month, UTC
    model VARCHAR, -- model of the calls; NULL where none was named
    closed_at TIMESTAMP NOT NULL, -- when it was closed
    author VARCHAR NOT NULL, -- who closed it
    cost_version BIGINT NOT NULL, -- version of cost at that time
    calls BIGINT NOT NULL, -- model calls
    unpriced_calls BIGINT NOT NULL, -- calls without a full price
    cost_usd DECIMAL(38, 12) -- what they cost; NULL when none was priced
);
