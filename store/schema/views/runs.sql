-- One row per invocation of an agent from outside.
SELECT
    t.run_id AS run_id, -- trace_id-span_id of the run's span
    t.trace_id AS trace_id, -- trace of the run
    t.root_span_id AS root_span_id, -- the run's span, or the missing parent its orphans name
    t.service AS service, -- service of the run's span
    t.environment AS environment, -- environment of the run's span
    t.tenant AS tenant, -- tenant, from whichever span named it
    t.agent AS agent, -- agent that was invoked
    t.agent_version AS agent_version, -- version of that agent
    t.purpose AS purpose, -- production, evaluation, shadow or test
    t.workflow AS workflow, -- workflow name
    t.prompt_name AS prompt_name, -- name of the prompt
    t.prompt_version AS prompt_version, -- version of the prompt
    t.session_id AS session_id, -- session; NULL when nobody named one
    t.user_id AS user_id, -- user; NULL when nobody named one
    t.started_at AS started_at, -- start of the run's span, else of its first span
    t.ended_at AS ended_at, -- end; NULL while open
    t.duration_ms AS duration_ms, -- NULL while open or while the root is missing
    t.outcome AS outcome, -- success, failure or escalated; NULL while the root is missing
    t.outcome_reason AS outcome_reason, -- why the outcome is what it is
    t.confidence AS confidence, -- confidence the application stated
    t.feedback AS feedback, -- last feedback, -1 to 1
    t.failure_class AS failure_class, -- taxonomy of failures; NULL unless it failed
    t.complete AS complete, -- false while the root is missing or open
    t.steps AS steps, -- model calls, tool calls and sub-agents
    t.llm_calls AS llm_calls, -- calls counted
    t.tool_calls AS tool_calls, -- tool executions counted
    t.tool_failures AS tool_failures, -- of those, failed
    t.retries AS retries, -- failed calls that were tried again, and retries inside calls
    t.model_ms AS model_ms, -- time in which a model was at work; NULL while the duration is unknown
    t.tool_ms AS tool_ms, -- time in which tools alone were at work
    t.waiting_ms AS waiting_ms, -- time between a failed call and its next attempt in which neither was; the rest is the agent's own
    t.loops AS loops, -- repeats of one tool with equal arguments beyond the second
    t.plan_steps AS plan_steps, -- entries of the first plan or to-do list the run wrote by a tool; NULL without one
    t.input_tokens AS input_tokens, -- sum over calls; NULL when no call said
    t.output_tokens AS output_tokens, -- sum over calls; NULL when no call said
    t.cost_usd AS cost_usd, -- sum of priced calls and tools; NULL when nothing is priced
    t.unpriced_calls AS unpriced_calls, -- calls whose cost is unknown
    t.dimensions AS dimensions, -- attributes that the configuration declares as dimensions
    t.input AS input, -- first 16 KiB of what was asked
    t.output AS output -- first 16 KiB of the answer
FROM ledger.runs AS t
