-- What pricing again changed, by version, day and model.
SELECT
    t.cost_version AS cost_version, -- version that changed it
    t.day_at AS day_at, -- day on which the calls started, UTC
    t.model AS model, -- model of the calls
    t.calls AS calls, -- calls that changed
    t.before_usd AS before_usd, -- what they cost before
    t.after_usd AS after_usd, -- what they cost since
    t.unpriced_before AS unpriced_before, -- calls of these without a full price before
    t.unpriced_after AS unpriced_after -- calls of these without a full price since
FROM ledger.cost_changes AS t
