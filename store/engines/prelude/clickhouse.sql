-- Functions the stored queries may use on every engine; duckdb.sql says the same for DuckDB.

-- Value of a key of a map, NULL when absent.
CREATE OR REPLACE FUNCTION attr AS (entries, key) -> if(mapContains(entries, key), entries[key], NULL);

-- Exact, interpolated percentiles.
CREATE OR REPLACE FUNCTION p50 AS x -> quantileExactInclusiveOrNull(0.5)(x);
CREATE OR REPLACE FUNCTION p90 AS x -> quantileExactInclusiveOrNull(0.9)(x);
CREATE OR REPLACE FUNCTION p95 AS x -> quantileExactInclusiveOrNull(0.95)(x);
CREATE OR REPLACE FUNCTION p99 AS x -> quantileExactInclusiveOrNull(0.99)(x);

-- Start of the hour, of the day and of the month.
CREATE OR REPLACE FUNCTION hour_of AS moment -> toDateTime64(date_trunc('hour', moment), 6, 'UTC');
CREATE OR REPLACE FUNCTION day_of AS moment -> toDateTime64(date_trunc('day', moment), 6, 'UTC');
CREATE OR REPLACE FUNCTION month_of AS moment -> toDateTime64(date_trunc('month', moment), 6, 'UTC');

-- Logarithmic bucket i of a value in (1.02^(i-1), 1.02^i]; -32768 holds zero and what is below.
CREATE OR REPLACE FUNCTION bucket_of AS x ->
    multiIf(x > 0, toInt64(ceil(log(toFloat64(x)) / log(1.02))), x <= 0, toInt64(-32768), NULL);

-- Value that stands for a bucket: within 1 % of each of its values.
CREATE OR REPLACE FUNCTION bucket_value AS i -> if(i = -32768, toFloat64(0), 2 * pow(toFloat64(1.02), i) / 2.02);

-- Money with the digits of a sum; cast before multiplying, products beyond the declared digits are not noticed here.
CREATE OR REPLACE FUNCTION usd AS x -> CAST(x AS Nullable(Decimal(38, 12)));

-- First characters of a text, whole characters on every engine.
CREATE OR REPLACE FUNCTION head_of AS (text, characters) -> leftUTF8(text, characters);

-- Text of a key of a JSON object, JSON where it is no text, NULL when absent or null.
CREATE OR REPLACE FUNCTION json_text AS (document, key) -> multiIf(
    JSONType(document, key) = 'Null', NULL,
    JSONType(document, key) = 'String', JSONExtractString(document, key),
    JSONExtractRaw(document, key)
);

-- JSON arrays joined to one in an order; NULL when there is none.
CREATE OR REPLACE FUNCTION joined_arrays AS (texts, place) -> if(
    countIf(texts IS NOT NULL) = 0,
    NULL,
    concat('[', arrayStringConcat(arrayMap(entry -> entry.2, arraySort(entry -> entry.1, groupArrayIf(
        (place, substringUTF8(assumeNotNull(texts), 2, lengthUTF8(assumeNotNull(texts)) - 2)), texts IS NOT NULL
    ))), ','), ']')
);
