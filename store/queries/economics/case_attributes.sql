-- What a declared attribute was in the runs of each case that closed in a stretch of time, and when last.
SELECT
    c.case_id AS case_id,
    attr(t.dimensions, $name) AS part,
    max(t.started_at) AS last_at
FROM ledger.cases AS c
INNER JOIN ledger.sessions AS s ON s.case_id = c.case_id
INNER JOIN ledger.runs AS t ON coalesce(t.session_id, t.run_id) = s.conversation_id
WHERE c.closed_at >= $first AND c.closed_at < $until AND c.purpose = 'production'
    AND t.started_at >= s.started_at AND t.started_at <= s.last_at
    AND attr(t.dimensions, $name) IS NOT NULL
GROUP BY c.case_id, attr(t.dimensions, $name)
ORDER BY case_id, part
