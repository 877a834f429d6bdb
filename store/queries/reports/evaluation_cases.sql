-- How many different evaluation cases a service has: inputs of evaluation runs, and cases of imported suites.
SELECT
    count(DISTINCT f.case_id) AS case_count,
    max(f.evaluated_at) AS last_at
FROM (
    SELECT coalesce(t.input, t.run_id) AS case_id, t.started_at AS evaluated_at
    FROM ledger.runs AS t
    WHERE t.started_at >= $since AND t.started_at < $until AND t.purpose = 'evaluation'
        AND ('*' IN $services OR t.service IN $services)
    UNION ALL
    SELECT e.case_id AS case_id, e.evaluated_at AS evaluated_at
    FROM ledger.evaluations AS e
    WHERE e.evaluated_at >= $since AND e.evaluated_at < $until
) AS f
