-- The prices of some models in all price books, and when each book was made.
SELECT
    v.made_at AS made_at, p.price_model AS price_model, p.valid_from AS valid_from, p.valid_until AS valid_until,
    p.service_tier AS service_tier, p.tier_from_tokens AS tier_from_tokens, p.window_from_day AS window_from_day,
    p.window_from_minute AS window_from_minute, p.input AS input, p.cache_read AS cache_read,
    p.cache_write AS cache_write, p.cache_write_1h AS cache_write_1h, p.output AS output,
    p.reasoning AS reasoning, p.per_request AS per_request
FROM ledger.prices AS p
INNER JOIN ledger.cost_versions AS v ON v.cost_version = p.cost_version
WHERE p.price_model IN $models
