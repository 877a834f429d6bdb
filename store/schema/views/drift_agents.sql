-- How unlike its baseline each agent behaves, in one number; its parts are the rows of drift_series.
SELECT
    attr(t.labels, 'service') AS service, -- dimension
    attr(t.labels, 'environment') AS environment, -- dimension
    attr(t.labels, 'agent') AS agent, -- dimension
    sum(t.closeness) AS unlikeness, -- sum of how close its series are to an alarm; one series alone raises one at 1
    max(t.closeness) AS largest_part, -- of the series that is closest
    CAST(count(*) AS BIGINT) AS series_count, -- series watched
    CAST(sum(CASE WHEN t.is_learning THEN 1 ELSE 0 END) AS BIGINT) AS learning_count, -- of those, still learning
    max(t.hour_at) AS tested_at -- all hours before this one are taken in
FROM ledger.drift_states AS t
WHERE t.kind <> 'multivariate' AND t.hour_at = (SELECT max(s.hour_at) AS latest_at FROM ledger.drift_states AS s)
GROUP BY attr(t.labels, 'service'), attr(t.labels, 'environment'), attr(t.labels, 'agent')
