-- One or more sessions about one matter.
SELECT
    t.case_id AS case_id, -- id of the first session
    t.user_id AS user_id, -- user
    t.service AS service, -- of the first session
    t.environment AS environment, -- of the first session
    t.tenant AS tenant, -- of the first session
    t.agent AS agent, -- of the first session
    t.agent_version AS agent_version, -- of the last session
    t.purpose AS purpose, -- of the first session
    t.prompt_name AS prompt_name, -- of the last session
    t.prompt_version AS prompt_version, -- of the last session
    t.opened_at AS opened_at, -- start of the first session
    t.closed_at AS closed_at, -- NULL while a session is open
    t.outcome AS outcome, -- outcome of the last session; NULL while open
    t.sessions AS sessions, -- number of sessions
    t.runs AS runs, -- number of runs
    t.cost_usd AS cost_usd, -- sum over sessions; NULL when nothing is priced
    t.unpriced_calls AS unpriced_calls -- calls whose cost is unknown
FROM ledger.cases AS t
