-- Spans of a window whose input or output contains a text, whatever the case of its letters, the newest first.
SELECT
    f.trace_id AS trace_id,
    f.span_id AS span_id,
    f.service AS service,
    f.agent AS agent,
    f.kind AS kind,
    f.name AS name,
    f.started_at AS started_at,
    CASE WHEN position(lower($text) IN lower(f.input_text)) > 0 THEN 'input' ELSE 'output' END AS found_in,
    CASE WHEN position(lower($text) IN lower(f.input_text)) > 0 THEN f.input_text ELSE f.output_text END AS whole_text
FROM (
    SELECT
        s.trace_id AS trace_id,
        s.span_id AS span_id,
        s.service AS service,
        s.agent AS agent,
        s.kind AS kind,
        s.name AS name,
        s.started_at AS started_at,
        coalesce(s.input_messages, attr(s.attributes, s.input_key), '') AS input_text,
        coalesce(s.output_messages, attr(s.attributes, s.output_key), '') AS output_text
    FROM ledger.spans AS s
    WHERE s.started_at >= $start AND s.started_at < $until
        AND ('*' IN $services OR s.service IN $services)
        AND ('*' IN $agents OR s.agent IN $agents)
        AND (s.input_key IS NOT NULL OR s.output_key IS NOT NULL OR s.input_messages IS NOT NULL OR s.output_messages IS NOT NULL)
) AS f
WHERE position(lower($text) IN lower(f.input_text)) > 0 OR position(lower($text) IN lower(f.output_text)) > 0
ORDER BY f.started_at DESC, f.trace_id, f.span_id
LIMIT $max_rows
