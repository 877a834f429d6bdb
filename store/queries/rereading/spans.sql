-- Whole rows of the spans that some loads wrote, those of a dialect, service and time only.
SELECT s.*
FROM ledger.spans AS s
WHERE s.load_seq BETWEEN $first AND $last
    AND s.started_at >= $since AND s.started_at < $until
    AND ($dialect = '*' OR coalesce(s.dialect, '') = $dialect)
    AND ($service = '*' OR coalesce(s.service, '') = $service)
