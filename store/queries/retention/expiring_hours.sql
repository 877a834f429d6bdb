-- Hours of which facts of the oldest loads are kept, by subject.
SELECT DISTINCT 'run' AS subject, hour_of(r.started_at) AS hour_at
FROM ledger.runs AS r
WHERE r.load_seq <= $load_seq AND r.started_at IS NOT NULL
UNION ALL
SELECT DISTINCT 'llm_call' AS subject, hour_of(c.started_at) AS hour_at
FROM ledger.llm_calls AS c
WHERE c.load_seq <= $load_seq AND c.started_at IS NOT NULL
UNION ALL
SELECT DISTINCT 'tool_call' AS subject, hour_of(c.started_at) AS hour_at
FROM ledger.tool_calls AS c
WHERE c.load_seq <= $load_seq AND c.started_at IS NOT NULL
