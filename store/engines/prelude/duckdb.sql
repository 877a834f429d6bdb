-- Functions the stored queries may use on every engine; clickhouse.sql says the same for ClickHouse.

-- Value of a key of a map, NULL when absent.
CREATE OR REPLACE MACRO attr(entries, key) AS entries[key];

-- Exact, interpolated percentiles.
CREATE OR REPLACE MACRO p50(x) AS quantile_cont(x, 0.5);
CREATE OR REPLACE MACRO p90(x) AS quantile_cont(x, 0.9);
CREATE OR REPLACE MACRO p95(x) AS quantile_cont(x, 0.95);
CREATE OR REPLACE MACRO p99(x) AS quantile_cont(x, 0.99);

-- Start of the hour, of the day and of the month.
CREATE OR REPLACE MACRO hour_of(moment) AS date_trunc('hour', moment);
CREATE OR REPLACE MACRO day_of(moment) AS CAST(date_trunc('day', moment) AS TIMESTAMP);
CREATE OR REPLACE MACRO month_of(moment) AS CAST(date_trunc('month', moment) AS TIMESTAMP);

-- Logarithmic bucket i of a value in (1.02^(i-1), 1.02^i]; -32768 holds zero and what is below.
CREATE OR REPLACE MACRO bucket_of(x) AS
    CASE WHEN x > 0 THEN CAST(ceil(ln(CAST(x AS DOUBLE)) / ln(1.02)) AS BIGINT) WHEN x <= 0 THEN CAST(-32768 AS BIGINT) END;

-- Value that stands for a bucket: within 1 % of each of its values.
CREATE OR REPLACE MACRO bucket_value(i) AS
    CASE WHEN i = -32768 THEN CAST(0 AS DOUBLE) ELSE 2 * pow(CAST(1.02 AS DOUBLE), i) / 2.02 END;

-- Money with the digits of a sum; cast before multiplying, products beyond the declared digits are not noticed by every engine.
CREATE OR REPLACE MACRO usd(x) AS CAST(x AS DECIMAL(38, 12));

-- First characters of a text, whole characters on every engine.
CREATE OR REPLACE MACRO head_of(text, characters) AS left(text, characters);

-- Text of a key of a JSON object, JSON where it is no text, NULL when absent or null.
CREATE OR REPLACE MACRO json_text(document, key) AS
    CASE WHEN json_valid(document) THEN json_extract_string(document, '$."' || key || '"') END;

-- JSON arrays joined to one in an order; NULL when there is none.
CREATE OR REPLACE MACRO joined_arrays(texts, place) AS
    '[' || string_agg(substr(texts, 2, length(texts) - 2), ',' ORDER BY place) || ']';
