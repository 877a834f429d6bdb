-- Judgements that are there.
SELECT DISTINCT t.score_id
FROM ledger.scores AS t
WHERE t.score_id IN (SELECT g.score_id FROM given AS g)
