"""What changed: words and examples a person can read."""
