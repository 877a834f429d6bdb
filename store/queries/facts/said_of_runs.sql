-- What was said of runs of some traces by API, file or review: labels that state an outcome, and users' feedback.
SELECT
    s.trace_id AS trace_id,
    s.run_id AS run_id,
    s.score_id AS score_id,
    s.name AS name,
    s.value AS value,
    s.label AS label,
    s.explanation AS explanation,
    s.scored_at AS scored_at
FROM ledger.scores AS s
WHERE s.load_seq = 0 AND s.target = 'run' AND s.span_id IS NULL
    AND (s.name = 'outcome' OR s.source = 'user')
    AND s.trace_id IN (SELECT a.trace_id FROM asked AS a)
