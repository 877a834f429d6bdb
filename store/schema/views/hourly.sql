-- Rollup: additive figures per hour and dimensions.
SELECT
    t.hour_at AS hour_at, -- start of the hour, UTC; runs, calls by their start, cases by their close
    t.subject AS subject, -- run, llm_call, tool_call or case
    t.service AS service, -- dimension
    t.environment AS environment, -- dimension
    t.agent AS agent, -- dimension
    t.agent_version AS agent_version, -- dimension
    t.purpose AS purpose, -- dimension
    t.model AS model, -- of llm_call: the model that answered, else the requested one
    t.tool AS tool, -- of tool_call
    t.outcome AS outcome, -- of run and case: outcome; of calls: ok or error
    t.failure_class AS failure_class, -- taxonomy of failures
    t.events AS events, -- runs, calls or cases
    t.input_tokens AS input_tokens, -- sum; NULL when nobody said
    t.cache_read_tokens AS cache_read_tokens, -- sum; NULL when nobody said
    t.cache_write_tokens AS cache_write_tokens, -- sum; NULL when nobody said
    t.output_tokens AS output_tokens, -- sum; NULL when nobody said
    t.reasoning_tokens AS reasoning_tokens, -- sum; NULL when nobody said
    t.cost_usd AS cost_usd, -- sum of what is priced; NULL when nothing is
    t.unpriced_calls AS unpriced_calls, -- calls whose cost is unknown
    t.steps AS steps, -- of run: sum of steps
    t.retries AS retries, -- sum
    t.rated AS rated, -- of run: with feedback
    t.liked AS liked, -- of run: with positive feedback
    t.timed_events AS timed_events, -- events with a known duration
    t.duration_ms AS duration_ms -- sum of known durations
FROM ledger.hourly AS t
