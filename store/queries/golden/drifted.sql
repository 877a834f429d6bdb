-- Agents whose behaviour changed, and since when.
SELECT d.agent AS agent, min(coalesce(d.changed_at, d.raised_at)) AS since
FROM ledger.drift_alarms AS d
WHERE d.last_raised_at >= $start AND d.last_raised_at < $until AND d.agent IS NOT NULL
GROUP BY d.agent
ORDER BY d.agent
