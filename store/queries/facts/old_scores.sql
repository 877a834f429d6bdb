-- Scores of some traces: those that spans of a load from $first on carry, and those that no load brought.
SELECT
    s.load_seq AS load_seq,
    s.score_id AS score_id,
    s.target AS target,
    s.target_id AS target_id,
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.run_id AS run_id,
    s.name AS name,
    s.value AS value,
    s.label AS label,
    s.source AS source,
    s.explanation AS explanation,
    s.scored_at AS scored_at
FROM ledger.scores AS s
WHERE (s.load_seq >= $first OR s.load_seq = 0) AND s.trace_id IN (SELECT a.trace_id FROM asked AS a)
