-- What models were told and what they answered, one row per part of a message. Text that is no JSON gives no row.
SELECT
    x.trace_id AS trace_id, -- trace of the call
    x.span_id AS span_id, -- span that carries the message
    x.run_id AS run_id, -- run it belongs to; NULL outside a run
    x.direction AS direction, -- input or output
    CAST(x.entry.3 - 1 AS BIGINT) AS position, -- place among the parts of this direction, from 0
    json_text(x.entry.1, 'role') AS role, -- system, user, assistant, tool …; NULL when not said
    coalesce(json_text(x.entry.2, 'type'), 'text') AS part, -- text, reasoning, tool_call, tool_call_response …
    coalesce(
        json_text(x.entry.2, 'content'),
        json_text(x.entry.2, 'text'),
        json_text(x.entry.2, 'arguments'),
        json_text(x.entry.2, 'response'),
        json_text(x.entry.2, 'result'),
        multiIf(
            JSONType(x.entry.2) = 'Null', NULL,
            JSONType(x.entry.2) = 'String', JSONExtractString(x.entry.2),
            x.entry.2
        )
    ) AS content -- the text, or arguments and results as JSON
FROM (
    SELECT
        p.trace_id AS trace_id,
        p.span_id AS span_id,
        p.run_id AS run_id,
        p.direction AS direction,
        arrayJoin(arrayMap((entry, number) -> (entry.1, entry.2, number), p.entries, arrayEnumerate(p.entries))) AS entry
    FROM (
        SELECT
            m.trace_id AS trace_id,
            m.span_id AS span_id,
            m.run_id AS run_id,
            m.direction AS direction,
            arrayFlatten(arrayMap(message -> arrayMap(
                part -> (message, part),
                multiIf(
                    JSONType(message, 'parts') = 'Array', JSONExtractArrayRaw(message, 'parts'),
                    JSONType(message, 'content') = 'Array', JSONExtractArrayRaw(message, 'content'),
                    NOT JSONHas(message, 'content'), [message],
                    JSONType(message, 'content') = 'Null', CAST([] AS Array(String)),
                    [concat('{"content":', JSONExtractRaw(message, 'content'), '}')]
                )
            ), m.messages)) AS entries
        FROM (
            SELECT
                t.trace_id AS trace_id,
                t.span_id AS span_id,
                t.run_id AS run_id,
                t.content.1 AS direction,
                multiIf(
                    NOT isValidJSON(t.content.2), CAST([] AS Array(String)),
                    JSONType(t.content.2) = 'Array', JSONExtractArrayRaw(t.content.2),
                    JSONType(t.content.2) = 'Object', [t.content.2],
                    CAST([] AS Array(String))
                ) AS messages
            FROM (
                SELECT
                    s.trace_id AS trace_id,
                    s.span_id AS span_id,
                    coalesce(b.run_id, r.run_id) AS run_id,
                    arrayJoin([
                        (
                            'input',
                            coalesce(s.input_messages, attr(s.attributes, 'gen_ai.input.messages'), l.input_messages, '')
                        ),
                        (
                            'output',
                            coalesce(s.output_messages, attr(s.attributes, 'gen_ai.output.messages'), l.output_messages, '')
                        )
                    ]) AS content
                FROM ledger.spans AS s
                LEFT JOIN (
                    SELECT
                        g.trace_id AS trace_id,
                        g.span_id AS span_id,
                        joined_arrays(g.input_messages, (g.logged_at, g.load_seq, g.record_number)) AS input_messages,
                        joined_arrays(g.output_messages, (g.logged_at, g.load_seq, g.record_number)) AS output_messages
                    FROM ledger.logs AS g
                    WHERE g.input_messages IS NOT NULL OR g.output_messages IS NOT NULL
                    GROUP BY g.trace_id, g.span_id
                ) AS l ON l.trace_id = s.trace_id AND l.span_id = s.span_id
                LEFT JOIN ledger.run_spans AS b ON b.trace_id = s.trace_id AND b.span_id = s.span_id
                LEFT JOIN ledger.runs AS r ON r.trace_id = s.trace_id AND (r.is_sole OR r.run_id = b.run_id)
            ) AS t
        ) AS m
    ) AS p
) AS x
