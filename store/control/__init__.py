"""Control state: alerts, outbox, silences, detectors, keys, budgets, audit; small and transactional."""
