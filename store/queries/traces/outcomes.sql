-- How many runs match, and what they cost, per bin of the window and outcome.
-- Calls are looked at only for what they are asked for: the conditions without columns empty their SELECTs.
SELECT
    CAST(floor(date_diff('second', $start, r.started_at) / $bin_s) AS BIGINT) AS bin,
    r.outcome AS outcome,
    count(*) AS runs,
    sum(r.cost_usd) AS cost_usd,
    sum(r.unpriced_calls) AS unpriced_calls
FROM ledger.runs AS r
WHERE r.started_at >= $start AND r.started_at < $until
    AND ('*' IN $agents OR r.agent IN $agents)
    AND ('*' IN $environments OR r.environment IN $environments)
    AND ('*' IN $services OR r.service IN $services)
    AND ('*' IN $purposes OR r.purpose IN $purposes)
    AND ('*' IN $outcomes OR coalesce(r.outcome, 'unfinished') IN $outcomes)
    AND ('*' IN $versions OR r.agent_version IN $versions)
    AND ('*' IN $tenants OR r.tenant IN $tenants)
    AND ('*' IN $prompts OR r.prompt_version IN $prompts)
    AND ('*' IN $classes OR r.failure_class IN $classes)
    AND ($text = '' OR r.user_id = $text OR r.session_id = $text OR substring(r.run_id, 1, length($text)) = $text)
    AND ($said = '' OR position(lower($said) IN lower(r.input)) > 0 OR position(lower($said) IN lower(r.output)) > 0)
    AND (
        '*' IN $marked
        OR r.run_id IN $marked
        OR r.run_id IN (SELECT a.run_id FROM ledger.run_aliases AS a WHERE a.old_run_id IN $marked)
    )
    AND ($min_duration_ms = 0 OR r.duration_ms >= $min_duration_ms)
    AND ($min_cost_usd = 0 OR r.cost_usd >= $min_cost_usd)
    AND (NOT $only_unpriced OR r.unpriced_calls > 0)
    AND (NOT $only_tool_failures OR r.tool_failures > 0)
    AND ('*' IN $models OR r.run_id IN (
        SELECT c.run_id
        FROM ledger.llm_calls AS c
        WHERE NOT ('*' IN $models)
            AND coalesce(c.response_model, c.request_model) IN $models AND c.started_at >= $start AND c.started_at < $reach
            AND (NOT $only_unpriced OR c.cost_status NOT IN ('priced', 'free'))
    ))
    AND ('*' IN $tools OR r.run_id IN (
        SELECT t.run_id
        FROM ledger.tool_calls AS t
        WHERE NOT ('*' IN $tools) AND t.tool IN $tools AND t.started_at >= $start AND t.started_at < $reach
            AND (NOT $only_tool_failures OR t.status = 'error')
            AND ('*' IN $errors OR coalesce(t.error_type, t.failure_class) IN $errors)
    ))
    AND ('*' IN $errors OR NOT ('*' IN $tools) OR r.failure_class IN $errors OR r.run_id IN (
        SELECT e.run_id
        FROM ledger.tool_calls AS e
        WHERE NOT ('*' IN $errors)
            AND coalesce(e.error_type, e.failure_class) IN $errors AND e.started_at >= $start AND e.started_at < $reach
        UNION ALL
        SELECT e.run_id
        FROM ledger.llm_calls AS e
        WHERE NOT ('*' IN $errors)
            AND coalesce(e.error_type, e.failure_class) IN $errors AND e.started_at >= $start AND e.started_at < $reach
    ))
GROUP BY bin, r.outcome
ORDER BY bin, r.outcome NULLS LAST
