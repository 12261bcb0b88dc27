"""Talking to the API server and to Prometheus; the only place of the operator that does."""
