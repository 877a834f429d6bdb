"""Simulated agents that speak to a running Spanledger through the real OpenTelemetry SDK."""
