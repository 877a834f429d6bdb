-- Known events of a window that may explain a change; at most 200, the latest first.
SELECT
    m.marked_at AS marked_at,
    m.kind AS kind,
    m.agent AS agent,
    m.label AS label
FROM ledger.markers AS m
WHERE m.marked_at >= $start AND m.marked_at < $until
    AND ('*' IN $agents OR m.agent IS NULL OR m.agent IN $agents)
    AND ('*' IN $environments OR m.environment IS NULL OR m.environment IN $environments)
    AND ('*' IN $services OR m.service IS NULL OR m.service IN $services)
ORDER BY m.marked_at DESC, m.kind, m.label
LIMIT 200
