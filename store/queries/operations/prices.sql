-- Rows of the price book whose model contains a text.
SELECT
    p.provider AS provider,
    p.model AS model,
    p.valid_from AS valid_from,
    p.valid_until AS valid_until,
    p.service_tier AS service_tier,
    p.tier_from_tokens AS tier_from_tokens,
    p.input * 1000000 AS input_per_million,
    p.cache_read * 1000000 AS cache_read_per_million,
    p.cache_write * 1000000 AS cache_write_per_million,
    p.output * 1000000 AS output_per_million,
    p.source AS source
FROM ledger.prices AS p
WHERE position($model IN p.model) > 0 OR $model = ''
ORDER BY provider, model, valid_from NULLS FIRST, service_tier NULLS FIRST, tier_from_tokens
