-- What of a window the rollups do not hold as wished: days that are only there as hours, and hours of which facts were deleted.
SELECT d.subject AS subject, d.day_at AS since, 'open day' AS what
FROM ledger.touched_days AS d
WHERE d.day_at >= $first AND d.day_at < $until
UNION ALL
SELECT e.subject AS subject, e.hour_at AS since, 'expired hour' AS what
FROM ledger.expired_hours AS e
WHERE e.hour_at >= $first AND e.hour_at < $until
