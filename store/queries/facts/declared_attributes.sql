-- Values of the declared attributes on spans of some traces, the span's own before its resource's.
SELECT
    f.trace_id AS trace_id,
    f.span_id AS span_id,
    f.attribute_key AS attribute_key,
    f.attribute_value AS attribute_value
FROM (
    SELECT
        s.trace_id AS trace_id,
        s.span_id AS span_id,
        k.name AS attribute_key,
        head_of(coalesce(attr(s.attributes, k.name), attr(r.attributes, k.name)), 200) AS attribute_value
    FROM ledger.spans AS s
    CROSS JOIN declared AS k
    LEFT JOIN ledger.resources AS r ON r.resource_id = s.resource_id
    WHERE s.load_seq BETWEEN $first AND $last AND s.trace_id IN (SELECT a.trace_id FROM asked AS a)
) AS f
WHERE f.attribute_value IS NOT NULL
ORDER BY f.trace_id, f.span_id, f.attribute_key, f.attribute_value
