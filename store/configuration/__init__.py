"""How sections of the configuration become checked values: one reader, durations and secrets, for every package."""
