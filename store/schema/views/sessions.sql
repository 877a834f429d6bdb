-- Runs that share a conversation id, else one run alone.
SELECT
    t.session_id AS session_id, -- conversation id, else the run's id; later sessions of one conversation carry #2, #3 …
    t.conversation_id AS conversation_id, -- what the sessions of one conversation share: runs.session_id, else run_id
    t.case_id AS case_id, -- case the session is part of
    t.user_id AS user_id, -- user
    t.service AS service, -- of the first run
    t.environment AS environment, -- of the first run
    t.tenant AS tenant, -- of the first run that names one
    t.agent AS agent, -- of the first run
    t.agent_version AS agent_version, -- of the last run
    t.purpose AS purpose, -- of the first run
    t.prompt_name AS prompt_name, -- of the last run
    t.prompt_version AS prompt_version, -- of the last run
    t.started_at AS started_at, -- start of the first run
    t.last_at AS last_at, -- end of the last activity
    t.closes_at AS closes_at, -- when it closes if nothing more happens
    t.closed_at AS closed_at, -- NULL while open
    t.outcome AS outcome, -- escalated, failed, resolved_confirmed, abandoned or resolved_assumed; NULL while open
    t.reopened AS reopened, -- the user came back within the reopening window
    t.runs AS runs, -- number of runs
    t.cost_usd AS cost_usd, -- sum over runs; NULL when nothing is priced
    t.unpriced_calls AS unpriced_calls -- calls whose cost is unknown
FROM ledger.sessions AS t
