-- Calls with one of the asked response ids.
SELECT
    c.response_id AS response_id,
    c.trace_id AS trace_id,
    c.span_id AS span_id,
    c.run_id AS run_id
FROM ledger.llm_calls AS c
WHERE c.response_id IN (SELECT a.response_id FROM asked AS a)
