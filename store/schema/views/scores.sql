-- Judgements on runs, spans and sessions.
SELECT
    t.target AS target, -- run, span or session
    t.target_id AS target_id, -- run_id, trace_id-span_id or session_id
    t.trace_id AS trace_id, -- trace of the span that carried it, else of the target
    t.run_id AS run_id, -- run of the target
    t.name AS name, -- what was judged
    t.value AS value, -- number; NULL for labels
    t.label AS label, -- label; NULL for numbers
    t.source AS source, -- user, evaluator or human
    t.explanation AS explanation, -- the judge's words
    t.scored_at AS scored_at -- when
FROM ledger.scores AS t
