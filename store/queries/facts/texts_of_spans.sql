-- What some spans were asked and answered, the messages in one form where they were sent in another.
SELECT
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.attribute_count AS attribute_count,
    s.content_hash AS content_hash,
    head_of(coalesce(s.input_messages, attr(s.attributes, s.input_key)), 16384) AS input,
    head_of(coalesce(s.output_messages, attr(s.attributes, s.output_key)), 16384) AS output
FROM ledger.spans AS s
INNER JOIN asked AS a ON s.trace_id = a.trace_id AND s.span_id = a.span_id
WHERE s.load_seq BETWEEN $first AND $last
