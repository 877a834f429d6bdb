-- Which naming the spans of the window use, and how much of it is understood.
SELECT
    s.dialect AS dialect,
    s.scope_name AS scope_name,
    s.service AS service,
    count(*) AS spans,
    sum(CASE WHEN s.kind = 'llm' THEN 1 ELSE 0 END) AS model_spans,
    sum(CASE WHEN s.kind = 'llm' AND (s.input_tokens IS NOT NULL OR s.output_tokens IS NOT NULL) THEN 1 ELSE 0 END) AS with_usage,
    sum(CASE WHEN s.kind = 'tool' THEN 1 ELSE 0 END) AS tool_spans,
    sum(CASE WHEN s.kind = 'other' THEN 1 ELSE 0 END) AS other_spans,
    max(s.started_at) AS last_at
FROM ledger.spans AS s
WHERE s.started_at >= $start AND s.started_at < $until
GROUP BY s.dialect, s.scope_name, s.service
ORDER BY count(*) DESC, s.dialect NULLS LAST, s.scope_name NULLS LAST, s.service NULLS LAST
LIMIT 100
