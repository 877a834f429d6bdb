-- Judgements that may decide how the asked conversations ended: on sessions, and on runs in them.
SELECT
    f.conversation_id AS conversation_id,
    f.judged_run AS judged_run,
    f.score_name AS score_name,
    f.judge AS judge,
    f.judged_value AS judged_value,
    f.judged_label AS judged_label,
    f.judged_at AS judged_at
FROM (
    SELECT
        t.target_id AS conversation_id,
        CAST(NULL AS VARCHAR) AS judged_run,
        t.name AS score_name,
        t.source AS judge,
        t.value AS judged_value,
        t.label AS judged_label,
        t.scored_at AS judged_at
    FROM ledger.scores AS t
    WHERE t.target = 'session' AND t.target_id IN (SELECT a.conversation_id FROM asked AS a)
    UNION ALL
    SELECT
        coalesce(r.session_id, r.run_id) AS conversation_id,
        r.run_id AS judged_run,
        t.name AS score_name,
        t.source AS judge,
        t.value AS judged_value,
        t.label AS judged_label,
        t.scored_at AS judged_at
    FROM ledger.scores AS t
    INNER JOIN ledger.runs AS r ON r.run_id = t.target_id
    WHERE r.started_at >= $since AND t.target = 'run' AND (t.span_id IS NULL OR t.name IN $names)
        AND coalesce(r.session_id, r.run_id) IN (SELECT a.conversation_id FROM asked AS a)
) AS f
WHERE f.judge IN ('user', 'human') OR f.score_name IN $names
ORDER BY f.conversation_id, f.judged_at, f.score_name, f.judged_value
