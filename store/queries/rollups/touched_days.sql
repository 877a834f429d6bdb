-- The work list of the days job: days that are over and of which no hour waits to be rolled up, oldest first.
SELECT d.subject AS subject, d.day_at AS day_at
FROM ledger.touched_days AS d
LEFT JOIN (
    SELECT DISTINCT h.subject AS subject, day_of(h.hour_at) AS day_at FROM ledger.touched_hours AS h
) AS w ON w.subject = d.subject AND w.day_at = d.day_at
WHERE d.day_at < $before AND w.day_at IS NULL
ORDER BY d.day_at, d.subject
LIMIT $max_rows
