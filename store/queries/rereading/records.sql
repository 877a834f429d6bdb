-- Whole rows of the log records of some loads that tell of spans, those of a service and time only.
SELECT l.*
FROM ledger.logs AS l
WHERE l.load_seq BETWEEN $first AND $last AND l.span_id IS NOT NULL AND l.event_name IN $events
    AND l.logged_at >= $since AND l.logged_at < $until
    AND $dialect = '*'
    AND ($service = '*' OR coalesce(l.service, '') = $service)
