-- One row when log records tell of any span.
SELECT CAST(1 AS BIGINT) AS is_told
FROM ledger.logs AS l
WHERE l.span_facts IS NOT NULL
LIMIT 1
