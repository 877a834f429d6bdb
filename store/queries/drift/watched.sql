-- Whether a series is watched: its row after the latest hour that detectors took in.
SELECT t.series AS series, t.kind AS kind, t.metric AS metric
FROM ledger.drift_states AS t
WHERE t.hour_at = (SELECT max(s.hour_at) FROM ledger.drift_states AS s) AND t.series = $series
