-- Values of production per hour, series and bucket: durations and costs from the rollup, tokens, steps, confidence and scores from their rows.
SELECT
    CASE h.subject WHEN 'run' THEN 'run_' WHEN 'llm_call' THEN 'llm_' ELSE 'tool_' END
        || replace(h.measure, 'duration_', '') AS metric,
    h.service AS service, h.environment AS environment, h.agent AS agent,
    h.model AS model, h.tool AS tool, CAST(NULL AS VARCHAR) AS score,
    h.hour_at AS hour_at, CAST(h.bucket AS BIGINT) AS symbol, CAST(sum(h.events) AS BIGINT) AS events
FROM ledger.hourly_buckets AS h
WHERE h.purpose = 'production' AND h.hour_at >= $since AND h.hour_at < $until
    AND h.measure IN ('duration_ms', 'ttft_ms', 'cost_usd') AND h.subject IN ('run', 'llm_call', 'tool_call')
    AND (h.measure <> 'cost_usd' OR h.subject = 'run')
GROUP BY h.subject, h.measure, h.service, h.environment, h.agent, h.model, h.tool, h.hour_at, h.bucket
UNION ALL
SELECT
    'run_input_tokens' AS metric,
    r.service AS service, r.environment AS environment, r.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool, CAST(NULL AS VARCHAR) AS score,
    hour_of(r.started_at) AS hour_at, CAST(bucket_of(r.input_tokens) AS BIGINT) AS symbol, CAST(count(*) AS BIGINT) AS events
FROM ledger.runs AS r
WHERE r.purpose = 'production' AND r.started_at >= $since AND r.started_at < $until AND r.input_tokens >= 0
GROUP BY r.service, r.environment, r.agent, hour_of(r.started_at), bucket_of(r.input_tokens)
UNION ALL
SELECT
    'run_output_tokens' AS metric,
    r.service AS service, r.environment AS environment, r.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool, CAST(NULL AS VARCHAR) AS score,
    hour_of(r.started_at) AS hour_at, CAST(bucket_of(r.output_tokens) AS BIGINT) AS symbol, CAST(count(*) AS BIGINT) AS events
FROM ledger.runs AS r
WHERE r.purpose = 'production' AND r.started_at >= $since AND r.started_at < $until AND r.output_tokens >= 0
GROUP BY r.service, r.environment, r.agent, hour_of(r.started_at), bucket_of(r.output_tokens)
UNION ALL
SELECT
    'run_steps' AS metric,
    r.service AS service, r.environment AS environment, r.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool, CAST(NULL AS VARCHAR) AS score,
    hour_of(r.started_at) AS hour_at, CAST(bucket_of(r.steps) AS BIGINT) AS symbol, CAST(count(*) AS BIGINT) AS events
FROM ledger.runs AS r
WHERE r.purpose = 'production' AND r.started_at >= $since AND r.started_at < $until
GROUP BY r.service, r.environment, r.agent, hour_of(r.started_at), bucket_of(r.steps)
UNION ALL
SELECT
    'run_confidence' AS metric,
    r.service AS service, r.environment AS environment, r.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool, CAST(NULL AS VARCHAR) AS score,
    hour_of(r.started_at) AS hour_at, CAST(round(50 * asinh(r.confidence)) AS BIGINT) AS symbol, CAST(count(*) AS BIGINT) AS events
FROM ledger.runs AS r
WHERE r.purpose = 'production' AND r.started_at >= $since AND r.started_at < $until
    AND r.confidence BETWEEN -1000000000000 AND 1000000000000
GROUP BY r.service, r.environment, r.agent, hour_of(r.started_at), CAST(round(50 * asinh(r.confidence)) AS BIGINT)
UNION ALL
SELECT
    'score' AS metric,
    r.service AS service, r.environment AS environment, r.agent AS agent,
    CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS tool, s.name AS score,
    hour_of(s.scored_at) AS hour_at, CAST(round(50 * asinh(s.value)) AS BIGINT) AS symbol, CAST(count(*) AS BIGINT) AS events
FROM ledger.scores AS s
INNER JOIN ledger.runs AS r ON r.run_id = s.run_id
WHERE r.purpose = 'production' AND s.scored_at >= $since AND s.scored_at < $until
    AND s.value BETWEEN -1000000000000 AND 1000000000000
GROUP BY r.service, r.environment, r.agent, s.name, hour_of(s.scored_at), CAST(round(50 * asinh(s.value)) AS BIGINT)
