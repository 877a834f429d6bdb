-- How many spans a trace has.
SELECT count(*) AS spans
FROM ledger.spans AS s
WHERE s.trace_id = $trace_id
