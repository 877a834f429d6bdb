"""OTLP in: listen, make durable, decode, translate dialects, load."""
