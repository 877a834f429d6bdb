"""Who is told of which alerts, when, and why."""
