-- Changes of behaviour that a detector reported.
CREATE TABLE ledger.drift_alarms (
    alarm_id VARCHAR NOT NULL, -- hash of series and start
    series VARCHAR NOT NULL, -- metric and dimensions, readable
    metric VARCHAR NOT NULL, -- success_rate …
    service VARCHAR, -- dimension
    environment VARCHAR, -- dimension
    agent VARCHAR, -- dimension
    tool VARCHAR, -- dimension, of tools' metrics
    raised_at TIMESTAMP NOT NULL, -- end of the hour that raised it, event time
    last_raised_at TIMESTAMP NOT NULL, -- end of the latest hour that raised it again
    changed_at TIMESTAMP, -- estimated start of the change
    direction VARCHAR NOT NULL, -- up or down
    before_value DOUBLE, -- baseline
    after_value DOUBLE, -- since the change
    evidence DOUBLE NOT NULL, -- how many times the alarm threshold the statistic reached
    is_historic BOOLEAN NOT NULL -- found in old data: recorded, nobody notified
);
