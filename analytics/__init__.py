"""What the data means: runs, money, metrics, sessions, drift, and the jobs that keep them fresh."""
