-- Rows of the present price book whose model contains a text, all or those that hold at an instant.
SELECT
    p.price_model AS price_model,
    p.provider AS provider,
    p.model AS model,
    p.valid_from AS valid_from,
    p.valid_until AS valid_until,
    p.window_from_day AS from_day,
    p.window_from_minute AS from_minute,
    p.window_until_minute AS until_minute,
    p.service_tier AS service_tier,
    p.tier_from_tokens AS above_tokens,
    round(p.input * 1000000, 9) AS input_per_million,
    round(p.cache_read * 1000000, 9) AS cache_read_per_million,
    round(p.cache_write * 1000000, 9) AS cache_write_per_million,
    round(p.cache_write_1h * 1000000, 9) AS cache_write_1h_per_million,
    round(p.output * 1000000, 9) AS output_per_million,
    round(p.reasoning * 1000000, 9) AS reasoning_per_million,
    p.per_request AS usd_per_request,
    p.other_units AS usd_per_other_unit,
    p.source AS source
FROM ledger.prices AS p
WHERE p.cost_version = (SELECT max(v.book_version) FROM ledger.cost_versions AS v)
    AND (position($model IN lower(p.price_model)) > 0 OR $model = '')
    AND (
        $is_history
        OR ((p.valid_from IS NULL OR p.valid_from <= $now) AND (p.valid_until IS NULL OR p.valid_until > $now))
    )
ORDER BY provider, model, valid_from NULLS FIRST, service_tier NULLS FIRST, above_tokens, from_day NULLS FIRST, from_minute NULLS FIRST
