"""The operator: watches ModelMonitor objects and keeps what they ask for in the cluster."""
