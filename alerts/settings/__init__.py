"""How the sections of a configuration become checked values: one reader, durations and secrets."""
