"""Alerts: rules, the state machine, routing, silences, the outbox and the channels."""
