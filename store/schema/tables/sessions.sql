-- Runs that share a conversation id, else one run alone.
CREATE TABLE ledger.sessions (
    session_id VARCHAR NOT NULL, -- conversation id, else the run's id; later sessions of one conversation carry #2, #3 …
    conversation_id VARCHAR NOT NULL, -- conversation id, else the run's id: what the sessions of one conversation share
    is_conversation BOOLEAN NOT NULL, -- somebody named a conversation id; else it is a run alone
    case_id VARCHAR NOT NULL, -- case the session is part of
    case_opened_at TIMESTAMP NOT NULL, -- start of the case's first session
    user_id VARCHAR, -- user
    service VARCHAR, -- of the first run
    environment VARCHAR, -- of the first run
    tenant VARCHAR, -- of the first run that names one
    agent VARCHAR, -- of the first run
    agent_version VARCHAR, -- of the last run
    purpose VARCHAR NOT NULL, -- of the first run
    prompt_name VARCHAR, -- of the last run
    prompt_version VARCHAR, -- of the last run
    started_at TIMESTAMP NOT NULL, -- start of the first run
    last_at TIMESTAMP NOT NULL, -- end of the last activity
    closes_at TIMESTAMP NOT NULL, -- when it closes if nothing more happens
    closed_at TIMESTAMP, -- NULL while open
    outcome VARCHAR, -- escalated, failed, resolved_confirmed, abandoned or resolved_assumed; NULL while open
    reopened BOOLEAN NOT NULL, -- the user came back within the reopening window
    runs BIGINT NOT NULL, -- number of runs
    cost_usd DECIMAL(38, 12), -- sum over runs; NULL when nothing is priced
    unpriced_calls BIGINT NOT NULL -- calls whose cost is unknown
);
