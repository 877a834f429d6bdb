-- The last result of every case of a suite, by version.
SELECT
    f.case_id AS case_id,
    f.version AS version,
    f.passed AS passed,
    f.value AS value,
    f.explanation AS explanation,
    f.evaluated_at AS evaluated_at
FROM (
    SELECT
        e.case_id AS case_id,
        e.version AS version,
        e.passed AS passed,
        e.value AS value,
        e.explanation AS explanation,
        e.evaluated_at AS evaluated_at,
        row_number() OVER (PARTITION BY e.case_id, e.version ORDER BY e.evaluated_at DESC, e.value DESC NULLS LAST) AS place
    FROM ledger.evaluations AS e
    WHERE e.suite = $suite
) AS f
WHERE f.place = 1
ORDER BY f.case_id, f.version
