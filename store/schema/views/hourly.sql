-- Rollup: additive figures per hour and dimensions.
SELECT
    t.hour_at AS hour_at, -- start of the hour, UTC; runs, calls by their start, cases by their close
    t.subject AS subject, -- run, llm_call, tool_call or case
    t.service AS service, -- dimension
    t.environment AS environment, -- dimension
    t.agent AS agent, -- dimension
    t.agent_version AS agent_version, -- dimension
    t.purpose AS purpose, -- dimension
    t.prompt_name AS prompt_name, -- dimension
    t.prompt_version AS prompt_version, -- dimension
    t.model AS model, -- of llm_call: the model that answered, else the requested one
    t.provider AS provider, -- of llm_call
    t.tool AS tool, -- of tool_call
    t.outcome AS outcome, -- of run and case: outcome; of calls: ok or error
    t.failure_class AS failure_class, -- taxonomy of failures
    t.finish_reason AS finish_reason, -- of llm_call: why the model stopped
    t.expired_load AS expired_load, -- load up to which the facts behind the row were deleted, NULL while they are there
    t.events AS events, -- runs, calls or cases
    t.input_tokens AS input_tokens, -- sum; NULL when nobody said
    t.cache_read_tokens AS cache_read_tokens, -- sum; NULL when nobody said
    t.cache_write_tokens AS cache_write_tokens, -- sum; NULL when nobody said
    t.output_tokens AS output_tokens, -- sum; NULL when nobody said
    t.with_output AS with_output, -- of llm_call: with known output tokens
    t.reasoning_tokens AS reasoning_tokens, -- sum; NULL when nobody said
    t.cost_usd AS cost_usd, -- sum of what is priced; NULL when nothing is
    t.unpriced_calls AS unpriced_calls, -- calls whose cost is unknown
    t.steps AS steps, -- of run: sum of steps
    t.llm_calls AS llm_calls, -- of run: sum of model calls
    t.tool_calls AS tool_calls, -- of run: sum of tool calls
    t.retries AS retries, -- sum
    t.fallbacks AS fallbacks, -- of llm_call: calls of another model after one that failed
    t.loops AS loops, -- of run: sum of loops
    t.looped AS looped, -- of run: with a loop
    t.rated AS rated, -- of run: with feedback
    t.liked AS liked, -- of run: with positive feedback
    t.rating AS rating, -- of run: sum of feedback, each -1 to 1
    t.confident AS confident, -- of run: with a stated confidence
    t.confidence AS confidence, -- of run: sum of stated confidences
    t.answerable AS answerable, -- of run: ended, and it can be told whether with an answer
    t.answered AS answered, -- of run: ended with a substantive answer
    t.runs AS runs, -- of session and case: sum of runs
    t.reopened AS reopened, -- of case: with a second session
    t.timed_events AS timed_events, -- events with a known duration
    t.duration_ms AS duration_ms, -- sum of known durations
    t.model_ms AS model_ms, -- of run: sum of time in model calls
    t.tool_ms AS tool_ms, -- of run: sum of time in tools alone
    t.waiting_ms AS waiting_ms, -- of run: sum of time between failed calls and their next attempts
    t.generated_tokens AS generated_tokens, -- of llm_call: output tokens of calls whose duration is known
    t.generating_ms AS generating_ms -- of llm_call: duration of calls whose output tokens are known
FROM ledger.hourly AS t
