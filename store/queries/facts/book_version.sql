-- Present version of cost; 0 when there is none.
SELECT coalesce(max(v.cost_version), 0) AS cost_version
FROM ledger.cost_versions AS v
