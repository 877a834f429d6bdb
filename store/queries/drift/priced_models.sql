-- By which entries of the price book the calls of production in a window were priced, by agent.
SELECT c.service AS service, c.environment AS environment, c.agent AS agent, c.price_model AS price_model
FROM ledger.llm_calls AS c
WHERE c.purpose = 'production' AND c.price_model IS NOT NULL
    AND c.started_at >= $since AND c.started_at < $until
GROUP BY c.service, c.environment, c.agent, c.price_model
ORDER BY service, environment, agent, price_model
