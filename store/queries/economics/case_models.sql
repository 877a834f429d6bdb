-- What models cost in each case that closed in a stretch of time.
SELECT
    c.case_id AS case_id,
    coalesce(t.response_model, t.request_model) AS part,
    usd(sum(t.cost_usd)) AS part_usd,
    count(*) AS calls
FROM ledger.cases AS c
INNER JOIN ledger.sessions AS s ON s.case_id = c.case_id
INNER JOIN ledger.llm_calls AS t ON coalesce(t.session_id, t.run_id) = s.conversation_id
WHERE c.closed_at >= $first AND c.closed_at < $until AND c.purpose = 'production'
    AND t.started_at >= s.started_at AND t.started_at <= s.last_at
GROUP BY c.case_id, coalesce(t.response_model, t.request_model)
ORDER BY case_id, part NULLS LAST
