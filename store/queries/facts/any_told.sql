-- A trace of whose spans log records tell, if there is any.
SELECT l.trace_id AS trace_id
FROM ledger.logs AS l
WHERE l.span_facts IS NOT NULL
LIMIT 1
