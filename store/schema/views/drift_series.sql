-- The series that the drift detectors watch, as after the latest hour.
SELECT
    t.series AS series, -- metric and labels, readable
    t.kind AS kind, -- rate, value, category, volume; multivariate: an agent as a whole
    t.metric AS metric, -- what is watched
    t.labels AS labels, -- service, environment, agent, model, tool, score
    t.closeness AS closeness, -- statistic over threshold; an alarm is raised at 1
    t.is_learning AS is_learning, -- too little was seen to test anything
    t.alarm_id AS alarm_id, -- latest alarm
    t.last_raised_at AS last_raised_at, -- when it was raised last
    t.hour_at AS tested_at -- all hours before this one are taken in
FROM ledger.drift_states AS t
WHERE t.hour_at = (SELECT max(s.hour_at) AS latest_at FROM ledger.drift_states AS s)
