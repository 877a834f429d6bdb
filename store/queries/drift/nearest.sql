-- Series that detectors watch, the nearest to an alarm first, after the latest hour they took in.
SELECT
    t.series AS series,
    t.kind AS kind,
    t.metric AS metric,
    t.closeness AS closeness,
    t.is_learning AS is_learning,
    t.hour_at AS hour_at
FROM ledger.drift_states AS t
WHERE t.hour_at = (SELECT max(s.hour_at) FROM ledger.drift_states AS s)
ORDER BY t.is_learning, t.closeness DESC, t.series
LIMIT 500
