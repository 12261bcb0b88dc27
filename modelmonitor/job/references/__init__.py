"""References as runs need them: found in PostgreSQL, or built of what the spec names and saved."""
