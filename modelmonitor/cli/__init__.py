"""The `modelmonitor` command."""
