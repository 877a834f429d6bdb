-- The price book, USD per unit.
SELECT
    t.price_model AS price_model, -- provider/model of the book
    t.provider AS provider, -- provider of the book
    t.model AS model, -- model of the book
    t.valid_from AS valid_from, -- inclusive; NULL: always
    t.valid_until AS valid_until, -- exclusive; NULL: open
    t.window_from_day AS window_from_day, -- weekday (1 Monday, UTC) from which the row holds; NULL: all week
    t.window_until_day AS window_until_day, -- weekday before which it holds (8: to the end of Sunday)
    t.window_from_minute AS window_from_minute, -- minute of the day (UTC) from which the row holds; NULL: all day
    t.window_until_minute AS window_until_minute, -- minute of the day before which it holds
    t.service_tier AS service_tier, -- batch, flex, priority …; NULL: standard
    t.tier_from_tokens AS tier_from_tokens, -- the row holds for calls with more input tokens than this; 0: all
    t.tier_until_tokens AS tier_until_tokens, -- and at most this; NULL: no bound
    t.input AS input, -- uncached input token
    t.cache_read AS cache_read, -- input token read from a cache
    t.cache_write AS cache_write, -- input token written to a cache for 5 minutes
    t.cache_write_1h AS cache_write_1h, -- input token written to a cache for an hour
    t.output AS output, -- output token
    t.reasoning AS reasoning, -- reasoning token, where priced apart
    t.per_request AS per_request, -- a request
    t.other_units AS other_units, -- price of other units, by unit name
    t.source AS source, -- where the price comes from
    t.cost_version AS cost_version -- version that brought the row; see cost_versions
FROM ledger.prices AS t
