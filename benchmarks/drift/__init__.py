"""Benchmarks of drift detection: `make bench-drift`."""
