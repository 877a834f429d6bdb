-- What the drift detectors remember: one row per series, after the hours before `hour_at`; kept for the latest hour and for Mondays, from which late data is replayed.
CREATE TABLE ledger.drift_states (
    hour_at TIMESTAMP NOT NULL, -- all hours before this one are taken in
    series VARCHAR NOT NULL, -- metric and labels, readable
    kind VARCHAR NOT NULL, -- rate, value, category, volume or multivariate
    metric VARCHAR NOT NULL, -- what is watched
    labels MAP(VARCHAR, VARCHAR), -- service, environment, agent, model, tool, score
    closeness DOUBLE NOT NULL, -- statistic over threshold; an alarm is raised at 1
    is_learning BOOLEAN NOT NULL, -- too little was seen to test anything
    statistics VARCHAR NOT NULL, -- numbers of the test: totals, evidence and start per change, little-endian, hexadecimal
    doubtful VARCHAR NOT NULL, -- hours that baselines leave out, as JSON; without an end: those since, that the next baseline leaves out
    alarm_id VARCHAR, -- latest alarm
    last_raised_at TIMESTAMP -- when it was raised last
);
