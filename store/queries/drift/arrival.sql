-- When the latest runs of an agent in a window happened and when they came: a back-fill brings weeks in minutes.
SELECT
    count(*) AS runs,
    CASE WHEN count(*) > 0 THEN max(l.started_at) END AS newest_at,
    CASE WHEN count(*) > 0 THEN date_diff('second', min(l.started_at), max(l.started_at)) END AS happened_s,
    CASE WHEN count(*) > 0 THEN date_diff('second', min(s.received_at), max(s.received_at)) END AS came_s
FROM (
    SELECT r.trace_id AS trace_id, r.root_span_id AS root_span_id, r.started_at AS started_at
    FROM ledger.runs AS r
    WHERE r.purpose = 'production' AND r.started_at >= $since AND r.started_at < $until
        AND coalesce(r.service, '') IN $services
        AND coalesce(r.environment, '') IN $environments
        AND coalesce(r.agent, '') IN $agents
    ORDER BY r.started_at DESC, r.run_id
    LIMIT $max_rows
) AS l
INNER JOIN ledger.spans AS s ON s.trace_id = l.trace_id AND s.span_id = l.root_span_id
WHERE s.started_at >= $since AND s.started_at < $until
