-- Runs that a person should look at and nobody did: disliked ones, escalated ones, those whose agent was unsure.
SELECT
    r.run_id AS run_id,
    r.trace_id AS trace_id,
    r.root_span_id AS root_span_id,
    r.started_at AS started_at,
    r.agent AS agent,
    r.user_id AS user_id,
    r.outcome AS outcome,
    r.outcome_reason AS outcome_reason,
    r.feedback AS feedback,
    r.confidence AS confidence,
    head_of(r.input, 200) AS input,
    CASE WHEN r.feedback < 0 THEN 'disliked' WHEN r.outcome = 'escalated' THEN 'escalated' ELSE 'unsure' END AS why
FROM ledger.runs AS r
WHERE r.started_at >= $start AND r.started_at < $until
    AND r.run_id NOT IN (
        SELECT s.run_id
        FROM ledger.scores AS s
        WHERE s.source = 'human' AND s.name = 'review' AND s.run_id IS NOT NULL
    )
    AND (r.feedback < 0 OR r.outcome = 'escalated' OR r.confidence < 0.5)
    AND ('*' IN $agents OR r.agent IN $agents)
    AND ('*' IN $environments OR r.environment IN $environments)
    AND ('*' IN $services OR r.service IN $services)
    AND ('*' IN $purposes OR r.purpose IN $purposes)
ORDER BY
    CASE WHEN r.feedback < 0 THEN 0 WHEN r.outcome = 'escalated' THEN 1 ELSE 2 END, r.started_at DESC, r.run_id
LIMIT 50
