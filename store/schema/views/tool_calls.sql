-- One row per execution of a tool, counted once.
SELECT
    t.trace_id AS trace_id, -- trace of the call
    t.span_id AS span_id, -- span of the execution
    t.run_id AS run_id, -- run that called the tool; NULL outside a run
    t.session_id AS session_id, -- session, inherited from the run
    t.user_id AS user_id, -- user, inherited from the run
    t.service AS service, -- service of the run
    t.environment AS environment, -- environment of the run
    t.tenant AS tenant, -- tenant, inherited from whichever span named it
    t.agent AS agent, -- nearest agent above
    t.agent_version AS agent_version, -- version of that agent
    t.purpose AS purpose, -- production, evaluation, shadow or test
    t.prompt_name AS prompt_name, -- name of the run's prompt
    t.prompt_version AS prompt_version, -- version of the run's prompt
    t.tool AS tool, -- tool name
    t.call_id AS call_id, -- the model's id of the tool call
    t.started_at AS started_at, -- start, UTC
    t.duration_ms AS duration_ms, -- NULL while open
    t.status AS status, -- ok or error
    t.error_type AS error_type, -- error.type or exception type
    t.failure_class AS failure_class, -- taxonomy of failures; NULL when the call did not fail
    t.is_retry AS is_retry, -- repeats an execution with equal arguments that failed just before
    t.arguments AS arguments, -- first 16 KiB; the span has all of it
    t.result AS result, -- first 16 KiB; the span has all of it
    t.cost_usd AS cost_usd, -- the tool's own price; NULL when unknown
    t.cost_status AS cost_status, -- priced, free or no_usage
    t.dimensions AS dimensions -- attributes that the configuration declares as dimensions
FROM ledger.tool_calls AS t
