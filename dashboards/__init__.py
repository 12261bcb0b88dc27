"""Grafana dashboards as pure functions: classic JSON, which every Grafana since 11 loads from a file."""

from dashboards.catalogue import dashboards

__all__ = ["dashboards"]
