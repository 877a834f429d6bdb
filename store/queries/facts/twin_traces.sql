-- Traces in which another library names one of the asked response ids.
SELECT DISTINCT s.trace_id AS trace_id
FROM ledger.spans AS s
INNER JOIN asked AS a ON a.response_id = s.response_id
WHERE s.load_seq BETWEEN $first AND $last
    AND s.started_at BETWEEN $since AND $until
    AND s.trace_id <> a.trace_id
    AND coalesce(s.scope_name, '') <> a.scope_name
