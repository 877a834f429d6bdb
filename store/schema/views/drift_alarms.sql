-- Changes of behaviour that a detector reported.
SELECT
    t.alarm_id AS alarm_id, -- hash of series and start
    t.series AS series, -- metric and dimensions, readable
    t.metric AS metric, -- success_rate …
    t.service AS service, -- dimension
    t.environment AS environment, -- dimension
    t.agent AS agent, -- dimension
    t.tool AS tool, -- dimension, of tools' metrics
    t.raised_at AS raised_at, -- end of the hour that raised it, event time
    t.last_raised_at AS last_raised_at, -- end of the latest hour that raised it again
    t.changed_at AS changed_at, -- estimated start of the change
    t.direction AS direction, -- up or down
    t.before_value AS before_value, -- baseline
    t.after_value AS after_value, -- since the change
    t.evidence AS evidence, -- how many times the alarm threshold the statistic reached
    t.is_historic AS is_historic -- found in old data: recorded, nobody notified
FROM ledger.drift_alarms AS t
