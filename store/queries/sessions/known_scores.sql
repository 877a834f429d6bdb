-- Scores that are there of some targets and names, where no span carried them.
SELECT t.target, t.target_id, t.name, t.value, t.label, t.source, t.scored_at
FROM ledger.scores AS t
WHERE t.span_id IS NULL
    AND t.target_id IN (SELECT g.target_id FROM given AS g)
    AND t.name IN (SELECT g.name FROM given AS g)
