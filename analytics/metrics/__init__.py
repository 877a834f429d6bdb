"""One definition of every metric, and the ways to evaluate it."""
