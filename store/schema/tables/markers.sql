-- Known events that may explain a change: a version, model or prompt seen for the first time, a price change, a deployment.
CREATE TABLE ledger.markers (
    marked_at TIMESTAMP NOT NULL, -- when it took effect
    kind VARCHAR NOT NULL, -- agent_version, model, prompt_version, configuration, price or deploy
    service VARCHAR, -- where
    environment VARCHAR, -- where
    agent VARCHAR, -- where
    label VARCHAR NOT NULL -- what: the version, the model …
);
