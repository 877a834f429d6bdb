-- Of the asked sessions, and of the asked services without one, those of which spans tell single calls, and in which hours.
SELECT DISTINCT
    s.session_id AS session_id,
    s.service AS service,
    hour_of(s.started_at) AS told_at
FROM ledger.spans AS s
WHERE s.started_at BETWEEN $first AND $last
    AND s.usage_scope = 'call'
    AND (
        s.session_id IN (SELECT a.session_id FROM asked AS a WHERE a.session_id IS NOT NULL)
        OR s.service IN (SELECT a.service FROM asked AS a WHERE a.session_id IS NULL)
    )
