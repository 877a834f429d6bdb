-- Whole rows of the log records that tell of spans of some traces.
SELECT l.*
FROM ledger.logs AS l
WHERE l.span_id IS NOT NULL AND l.event_name IN $events AND l.trace_id IN (SELECT a.trace_id FROM asked AS a)
