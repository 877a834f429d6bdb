-- Known events of a window, oldest first.
SELECT m.*
FROM ledger.markers AS m
WHERE m.marked_at >= $since AND m.marked_at < $until
ORDER BY m.marked_at, m.kind, m.label, m.service, m.environment, m.agent
