-- What of a window the rollups do not hold as wished: days that are there as hours alone, hours of which facts were deleted, last hours that wait to be added up.
SELECT d.subject AS subject, d.day_at AS since, 'open day' AS what
FROM ledger.touched_days AS d
WHERE d.day_at >= $first AND d.day_at < $until
UNION ALL
SELECT e.subject AS subject, e.hour_at AS since, 'expired hour' AS what
FROM ledger.expired_hours AS e
WHERE e.hour_at >= $first AND e.hour_at < $until
UNION ALL
SELECT DISTINCT w.subject AS subject, w.hour_at AS since, 'waiting hour' AS what
FROM ledger.touched_hours AS w
WHERE w.hour_at >= $fresh_from AND w.hour_at < $until
