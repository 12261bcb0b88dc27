"""The prediction log: how fast it drains, what memory that takes, and an outage as long as you like."""
