-- Changes of behaviour that a detector reported.
CREATE TABLE ledger.drift_alarms (
    alarm_id VARCHAR NOT NULL, -- hash of series and start
    series VARCHAR NOT NULL, -- metric and labels, readable
    kind VARCHAR NOT NULL, -- rate, value, category, volume or multivariate
    type VARCHAR NOT NULL, -- drift: lasting; spike: within one hour
    metric VARCHAR NOT NULL, -- success_rate …
    labels MAP(VARCHAR, VARCHAR), -- service, environment, agent, model, tool, score
    service VARCHAR, -- label
    environment VARCHAR, -- label
    agent VARCHAR, -- label
    tool VARCHAR, -- label
    category VARCHAR, -- of a category: the value whose share changed
    raised_at TIMESTAMP NOT NULL, -- end of the hour that raised it, event time
    last_raised_at TIMESTAMP NOT NULL, -- end of the latest hour that raised it again
    changed_at TIMESTAMP, -- estimated start of the change
    earliest_at TIMESTAMP, -- earliest likely start
    latest_at TIMESTAMP, -- latest likely start
    direction VARCHAR NOT NULL, -- up or down
    before_value DOUBLE, -- normal value
    after_value DOUBLE, -- since the change
    after_low DOUBLE, -- lower end of its 95 % interval
    after_high DOUBLE, -- upper end
    events BIGINT NOT NULL, -- runs or calls since the change
    evidence DOUBLE NOT NULL, -- how many times the alarm threshold the statistic reached
    is_hint BOOLEAN NOT NULL, -- rests on fewer than 300 runs or calls
    is_historic BOOLEAN NOT NULL, -- found in old data: recorded, nobody notified
    explanation VARCHAR -- where it changed, in words
);
