-- What models were told and what they answered, one row per part of a message. Text that is no JSON gives no row.
SELECT
    x.trace_id AS trace_id, -- trace of the call
    x.span_id AS span_id, -- span that carries the message
    x.run_id AS run_id, -- run it belongs to; NULL outside a run
    x.direction AS direction, -- input or output
    CAST(x.number - 1 AS BIGINT) AS position, -- place among the parts of this direction, from 0
    json_extract_string(x.entry, '$[0]') AS role, -- system, user, assistant, tool …; NULL when not said
    coalesce(json_extract_string(x.entry, '$[1].type'), 'text') AS part, -- text, reasoning, tool_call, tool_call_response …
    coalesce(
        json_extract_string(x.entry, '$[1].content'),
        json_extract_string(x.entry, '$[1].text'),
        json_extract_string(x.entry, '$[1].arguments'),
        json_extract_string(x.entry, '$[1].response'),
        json_extract_string(x.entry, '$[1].result'),
        json_extract_string(x.entry, '$[1]')
    ) AS content -- the text, or arguments and results as JSON
FROM (
    SELECT
        p.trace_id,
        p.span_id,
        p.run_id,
        p.direction,
        unnest(p.entries) AS entry,
        generate_subscripts(p.entries, 1) AS number
    FROM (
        SELECT
            m.trace_id,
            m.span_id,
            m.run_id,
            m.direction,
            flatten(list_transform(m.messages, lambda message: list_transform(
                CASE
                    WHEN json_type(message, '$.parts') = 'ARRAY' THEN json_extract(message, '$.parts[*]')
                    WHEN json_type(message, '$.content') = 'ARRAY' THEN json_extract(message, '$.content[*]')
                    WHEN json_type(message, '$.content') = 'NULL' THEN []
                    WHEN json_type(message, '$.content') IS NOT NULL
                        THEN [json_object('content', json_extract(message, '$.content'))]
                    ELSE [message]
                END,
                lambda part: json_array(json_extract(message, '$.role'), part)
            ))) AS entries
        FROM (
            SELECT
                t.trace_id,
                t.span_id,
                t.run_id,
                t.direction,
                CASE
                    WHEN NOT json_valid(t.text) THEN NULL
                    WHEN json_type(t.text) = 'ARRAY' THEN json_extract(t.text, '$[*]')
                    WHEN json_type(t.text) = 'OBJECT' THEN [CAST(t.text AS JSON)]
                END AS messages
            FROM (
                SELECT
                    s.trace_id,
                    s.span_id,
                    coalesce(b.run_id, r.run_id) AS run_id,
                    unnest(['input', 'output']) AS direction,
                    unnest([
                        coalesce(s.input_messages, attr(s.attributes, 'gen_ai.input.messages'), l.input_messages),
                        coalesce(s.output_messages, attr(s.attributes, 'gen_ai.output.messages'), l.output_messages)
                    ]) AS text
                FROM ledger.spans AS s
                LEFT JOIN (
                    SELECT
                        g.trace_id,
                        g.span_id,
                        joined_arrays(g.input_messages, (g.logged_at, g.load_seq, g.record_number)) AS input_messages,
                        joined_arrays(g.output_messages, (g.logged_at, g.load_seq, g.record_number)) AS output_messages
                    FROM ledger.logs AS g
                    WHERE g.input_messages IS NOT NULL OR g.output_messages IS NOT NULL
                    GROUP BY g.trace_id, g.span_id
                ) AS l ON l.trace_id = s.trace_id AND l.span_id = s.span_id
                LEFT JOIN ledger.run_spans AS b ON b.trace_id = s.trace_id AND b.span_id = s.span_id
                LEFT JOIN ledger.runs AS r ON r.trace_id = s.trace_id AND (r.is_sole OR r.run_id = b.run_id)
            ) AS t
            WHERE t.text IS NOT NULL
        ) AS m
    ) AS p
) AS x
