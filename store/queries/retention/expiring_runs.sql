-- What the runs of the oldest loads come to by session of a conversation; a run is part of the last that had begun.
SELECT
    p.conversation_id AS conversation_id,
    p.session_began_at AS started_at,
    count(*) AS runs,
    sum(p.run_usd) AS cost_usd,
    CAST(sum(p.run_unpriced) AS BIGINT) AS unpriced_calls
FROM (
    SELECT
        r.run_id AS run_id,
        s.conversation_id AS conversation_id,
        max(s.started_at) AS session_began_at,
        max(r.cost_usd) AS run_usd,
        max(r.unpriced_calls) AS run_unpriced
    FROM ledger.runs AS r
    INNER JOIN ledger.sessions AS s ON s.conversation_id = r.session_id
    WHERE r.load_seq > 0 AND r.load_seq <= $load_seq AND s.is_conversation AND s.started_at <= r.started_at
    GROUP BY r.run_id, s.conversation_id
) AS p
GROUP BY p.conversation_id, p.session_began_at
ORDER BY p.conversation_id, p.session_began_at
