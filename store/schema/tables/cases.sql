-- One or more sessions about one matter.
CREATE TABLE ledger.cases (
    case_id VARCHAR NOT NULL, -- id of the first session
    user_id VARCHAR, -- user
    service VARCHAR, -- of the first session
    environment VARCHAR, -- of the first session
    tenant VARCHAR, -- of the first session
    agent VARCHAR, -- of the first session
    agent_version VARCHAR, -- of the last session
    purpose VARCHAR NOT NULL, -- of the first session
    prompt_name VARCHAR, -- of the last session
    prompt_version VARCHAR, -- of the last session
    opened_at TIMESTAMP NOT NULL, -- start of the first session
    closed_at TIMESTAMP, -- NULL while a session is open
    outcome VARCHAR, -- outcome of the last session; NULL while open
    sessions BIGINT NOT NULL, -- number of sessions
    runs BIGINT NOT NULL, -- number of runs
    cost_usd DECIMAL(38, 12), -- sum over sessions; NULL when nothing is priced
    unpriced_calls BIGINT NOT NULL -- calls whose cost is unknown
);
