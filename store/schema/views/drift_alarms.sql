-- Changes of behaviour that a detector reported, and what people said of them.
SELECT
    t.alarm_id AS alarm_id, -- hash of series and start
    t.series AS series, -- metric and labels, readable
    t.kind AS kind, -- rate, value, category, volume or multivariate
    t.type AS type, -- drift: lasting; spike: within one hour
    t.metric AS metric, -- success_rate …
    t.labels AS labels, -- service, environment, agent, model, tool, score
    t.service AS service, -- label
    t.environment AS environment, -- label
    t.agent AS agent, -- label
    t.tool AS tool, -- label
    t.category AS category, -- of a category: the value whose share changed
    t.raised_at AS raised_at, -- end of the hour that raised it, event time
    t.last_raised_at AS last_raised_at, -- end of the latest hour that raised it again
    t.changed_at AS changed_at, -- estimated start of the change
    t.earliest_at AS earliest_at, -- earliest likely start
    t.latest_at AS latest_at, -- latest likely start
    t.direction AS direction, -- up or down
    t.before_value AS before_value, -- normal value
    t.after_value AS after_value, -- since the change
    t.after_low AS after_low, -- lower end of its 95 % interval
    t.after_high AS after_high, -- upper end
    t.events AS events, -- runs or calls since the change
    t.evidence AS evidence, -- how many times the alarm threshold the statistic reached
    t.is_hint AS is_hint, -- rests on fewer than 300 runs or calls
    t.is_historic AS is_historic, -- found in old data: recorded, nobody notified
    t.explanation AS explanation, -- where it changed, in words
    m.action AS mark, -- confirm or dismiss; NULL: nobody said
    m.reason AS mark_reason -- in the words of who said
FROM ledger.drift_alarms AS t
LEFT JOIN ledger.drift_decisions AS m ON m.alarm_id = t.alarm_id
