-- What log records tell of the spans of some traces.
SELECT
    l.trace_id AS trace_id,
    l.span_id AS span_id,
    l.logged_at AS logged_at,
    l.record_number AS record_number,
    l.span_facts AS span_facts,
    head_of(l.input_messages, 16384) AS input,
    head_of(l.output_messages, 16384) AS output
FROM ledger.logs AS l
WHERE l.logged_at BETWEEN $since AND $until
    AND l.span_facts IS NOT NULL
    AND l.trace_id IN (SELECT a.trace_id FROM asked AS a)
