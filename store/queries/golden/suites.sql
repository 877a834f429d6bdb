-- Versions of every evaluation suite, and when each was evaluated last.
SELECT e.suite AS suite, e.version AS version, max(e.evaluated_at) AS last_at
FROM ledger.evaluations AS e
WHERE e.evaluated_at < $until
GROUP BY e.suite, e.version
ORDER BY e.suite, max(e.evaluated_at), e.version
