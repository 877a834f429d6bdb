-- Whole rows of the spans of some traces.
SELECT s.*
FROM ledger.spans AS s
WHERE s.load_seq BETWEEN $first AND $last AND s.trace_id IN (SELECT a.trace_id FROM asked AS a)
