-- Known events that may explain a change.
SELECT
    t.marked_at AS marked_at, -- when it took effect
    t.kind AS kind, -- agent_version, model, prompt_version, configuration, price or deploy
    t.service AS service, -- where
    t.environment AS environment, -- where
    t.agent AS agent, -- where
    t.label AS label -- what: the version, the model …
FROM ledger.markers AS t
