-- One row per invocation of an agent from outside; written by the job that counts traces.
CREATE TABLE ledger.runs (
    load_seq BIGINT NOT NULL, -- highest load_seq of the trace when the row was derived
    first_load BIGINT, -- lowest load_seq of the trace when the row was derived: where to look for its spans
    run_id VARCHAR NOT NULL, -- trace_id-span_id of the run's span
    trace_id VARCHAR NOT NULL, -- trace of the run
    root_span_id VARCHAR NOT NULL, -- the run's span, or the missing parent its orphans name
    is_sole BOOLEAN NOT NULL, -- the only run of its trace: every span of the trace belongs to it
    service VARCHAR, -- service of the run's span
    environment VARCHAR, -- environment of the run's span
    tenant VARCHAR, -- tenant, from whichever span named it
    agent VARCHAR, -- agent that was invoked
    agent_version VARCHAR, -- version of that agent
    purpose VARCHAR NOT NULL, -- production, evaluation, shadow or test
    workflow VARCHAR, -- workflow name
    prompt_name VARCHAR, -- name of the prompt
    prompt_version VARCHAR, -- version of the prompt
    session_id VARCHAR, -- session; NULL when nobody named one
    user_id VARCHAR, -- user; NULL when nobody named one
    started_at TIMESTAMP NOT NULL, -- start of the run's span, else of its first span
    ended_at TIMESTAMP, -- end; NULL while open
    duration_ms DOUBLE, -- NULL while open or while the root is missing
    outcome VARCHAR, -- success, failure or escalated; NULL while the root is missing
    outcome_reason VARCHAR, -- why the outcome is what it is
    explicit_outcome VARCHAR, -- outcome an application stated, before translation
    confidence DOUBLE, -- confidence the application stated
    feedback DOUBLE, -- last feedback, -1 to 1
    failure_class VARCHAR, -- taxonomy of failures; NULL unless it failed
    complete BOOLEAN NOT NULL, -- false while the root is missing or open
    has_answer BOOLEAN, -- a substantive final answer was given; NULL when it cannot be told
    steps BIGINT NOT NULL, -- model calls, tool calls and sub-agents
    llm_calls BIGINT NOT NULL, -- calls counted
    tool_calls BIGINT NOT NULL, -- tool executions counted
    tool_failures BIGINT NOT NULL, -- of those, failed
    retries BIGINT NOT NULL, -- failed calls that were tried again, and retries inside calls
    model_ms DOUBLE, -- time in which a model was at work; NULL while the duration is unknown
    tool_ms DOUBLE, -- time in which tools alone were at work
    waiting_ms DOUBLE, -- time between a failed call and its next attempt in which neither was; the rest is the agent's own
    loops BIGINT NOT NULL, -- repeats of one tool with equal arguments beyond the second
    plan_steps BIGINT, -- entries of the first plan or to-do list the run wrote by a tool; NULL without one
    input_tokens BIGINT, -- sum over calls; NULL when no call said
    output_tokens BIGINT, -- sum over calls; NULL when no call said
    cost_usd DECIMAL(38, 12), -- sum of priced calls and tools; NULL when nothing is priced
    unpriced_calls BIGINT NOT NULL, -- calls whose cost is unknown
    dimensions MAP(VARCHAR, VARCHAR), -- attributes that the configuration declares as dimensions
    input VARCHAR USING COMPRESSION zstd, -- first 16 KiB of what was asked
    output VARCHAR USING COMPRESSION zstd -- first 16 KiB of the answer
);
