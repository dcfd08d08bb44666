"""A kind of job for tests, as an app: it counts, and writes down each step with who made it."""
