-- The last result of every case of a suite, by version, and how often it passed of how many tries.
SELECT
    f.case_id AS case_id,
    f.version AS version,
    f.passed AS passed,
    f.value AS value,
    f.explanation AS explanation,
    f.evaluated_at AS evaluated_at,
    f.passes AS passes,
    f.tries AS tries
FROM (
    SELECT
        e.case_id AS case_id,
        e.version AS version,
        e.passed AS passed,
        e.value AS value,
        e.explanation AS explanation,
        e.evaluated_at AS evaluated_at,
        count(CASE WHEN e.passed THEN 1 END) OVER (PARTITION BY e.case_id, e.version) AS passes,
        count(e.passed) OVER (PARTITION BY e.case_id, e.version) AS tries,
        row_number() OVER (PARTITION BY e.case_id, e.version ORDER BY e.evaluated_at DESC, e.value DESC NULLS LAST) AS place
    FROM ledger.evaluations AS e
    WHERE e.suite = $suite
) AS f
WHERE f.place = 1
ORDER BY f.case_id, f.version
