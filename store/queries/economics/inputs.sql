-- What some model calls were given, as text; calls whose input was not sent are left out.
SELECT s.trace_id AS trace_id, s.span_id AS span_id, coalesce(s.input_messages, attr(s.attributes, s.input_key)) AS input_text
FROM ledger.spans AS s
WHERE s.started_at >= $first AND s.started_at < $until
    AND s.trace_id IN (SELECT a.trace_id FROM asked AS a)
    AND (s.input_messages IS NOT NULL OR s.input_key IS NOT NULL)
