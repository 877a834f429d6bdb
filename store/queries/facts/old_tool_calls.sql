-- Keys of the rows of tool_calls of some traces as they were derived last.
SELECT
    c.trace_id AS trace_id,
    c.span_id AS span_id,
    c.started_at AS started_at
FROM ledger.tool_calls AS c
WHERE c.load_seq >= $first AND c.trace_id IN (SELECT a.trace_id FROM asked AS a)
