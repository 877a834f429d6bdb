-- Hours of which the oldest loads hold facts, by subject; a score without its run has lost its dimensions.
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
UNION ALL
SELECT DISTINCT 'score' AS subject, hour_of(s.scored_at) AS hour_at
FROM ledger.scores AS s
LEFT JOIN ledger.runs AS r ON r.run_id = s.run_id
WHERE s.scored_at IS NOT NULL
    AND ((s.load_seq > 0 AND s.load_seq <= $load_seq) OR (r.run_id IS NOT NULL AND r.load_seq <= $load_seq))
