-- The price book, one row per model, validity and tier; USD per unit.
CREATE TABLE ledger.prices (
    price_model VARCHAR NOT NULL, -- provider/model of the book
    provider VARCHAR NOT NULL, -- provider of the book
    model VARCHAR NOT NULL, -- model of the book
    valid_from TIMESTAMP, -- inclusive; NULL: always
    valid_until TIMESTAMP, -- exclusive; NULL: open
    window_from_day BIGINT, -- weekday (1 Monday, UTC) from which the row holds; NULL: all week
    window_until_day BIGINT, -- weekday before which it holds (8: to the end of Sunday)
    window_from_minute BIGINT, -- minute of the day (UTC) from which the row holds; NULL: all day
    window_until_minute BIGINT, -- minute of the day before which it holds
    service_tier VARCHAR, -- batch, flex, priority …; NULL: standard
    tier_from_tokens BIGINT NOT NULL, -- the row holds for calls with more input tokens than this; 0: all
    tier_until_tokens BIGINT, -- and at most this; NULL: no bound
    input DOUBLE, -- uncached input token
    cache_read DOUBLE, -- input token read from a cache
    cache_write DOUBLE, -- input token written to a cache for 5 minutes
    cache_write_1h DOUBLE, -- input token written to a cache for an hour
    output DOUBLE, -- output token
    reasoning DOUBLE, -- reasoning token, where priced apart
    per_request DOUBLE, -- a request
    other_units MAP(VARCHAR, DOUBLE), -- price of other units, by unit name
    source VARCHAR NOT NULL, -- where the price comes from
    cost_version BIGINT NOT NULL -- version that brought the row; see cost_versions
);
