"""PostgreSQL and the durable log in front of it: schema, writer, windows, references, results."""
