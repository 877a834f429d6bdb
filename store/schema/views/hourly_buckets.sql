-- Rollup: counts per logarithmic bucket, from which percentiles follow within 1 %.
SELECT
    t.hour_at AS hour_at, -- start of the hour, UTC
    t.subject AS subject, -- run, llm_call or tool_call
    t.measure AS measure, -- duration_ms, ttft_ms or cost_usd
    t.service AS service, -- dimension
    t.environment AS environment, -- dimension
    t.agent AS agent, -- dimension
    t.agent_version AS agent_version, -- dimension
    t.purpose AS purpose, -- dimension
    t.prompt_name AS prompt_name, -- dimension
    t.prompt_version AS prompt_version, -- dimension
    t.model AS model, -- of llm_call
    t.provider AS provider, -- of llm_call
    t.tool AS tool, -- of tool_call
    t.outcome AS outcome, -- as in hourly
    t.bucket AS bucket, -- i: values in (1.02^(i-1), 1.02^i]; -32768 holds zero
    t.expired_load AS expired_load, -- load up to which the facts behind the row were deleted, NULL while they are there
    t.events AS events -- values in the bucket
FROM ledger.hourly_buckets AS t
