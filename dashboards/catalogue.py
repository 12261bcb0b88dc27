"""All dashboards, the guide's first."""

from __future__ import annotations

from dashboards.dashboard import Dashboard
from dashboards.drift import drift
from dashboards.fleet import fleet
from dashboards.model import model
from dashboards.performance import performance
from dashboards.pipeline import pipeline
from dashboards.quality import quality


def dashboards() -> tuple[Dashboard, ...]:
    """Every dashboard there is."""
    return (performance(), fleet(), model(), drift(), quality(), pipeline())
