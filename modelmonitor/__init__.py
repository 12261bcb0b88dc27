"""ModelMonitor: whether a served model can still be trusted, and why."""
