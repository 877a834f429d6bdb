-- What pricing again changed, by version, day and model.
CREATE TABLE ledger.cost_changes (
    cost_version BIGINT NOT NULL, -- version that changed it
    day_at TIMESTAMP NOT NULL, -- day on which the calls started, UTC
    model VARCHAR, -- model of the calls
    calls BIGINT NOT NULL, -- calls that changed
    before_usd DECIMAL(38, 12), -- what they cost before
    after_usd DECIMAL(38, 12), -- what they cost since
    unpriced_before BIGINT NOT NULL, -- calls of these without a full price before
    unpriced_after BIGINT NOT NULL -- calls of these without a full price since
);
