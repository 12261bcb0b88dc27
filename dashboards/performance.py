"""ML Model Performance: the guide's dashboard with its five panels.

Its queries are corrected where the guide's mislead: an average of cumulative counters is the mean since the
process began and needs days to show a collapse; a sum of counters falls with every restart.
"""

from __future__ import annotations

from typing import Final

from dashboards.dashboard import Dashboard, Section
from dashboards.kinds import CLASS_COLORS, gauge, lines, pie, stat
from dashboards.panel import ANY_IS_GOOD, CONFIDENCE_STEPS, GREEN, LATENCY_STEPS, RED, Panel
from dashboards.scope import ANY_MODEL
from dashboards.targets import latest, series
from modelmonitor import metrics

_of: Final = ANY_MODEL.of
_CONFIDENCE: Final = metrics.PREDICTION_CONFIDENCE.name
# The guide's five minutes, also where the step of the panel is shorter.
_FIVE_MINUTES: Final = "5m"


def performance() -> Dashboard:
    """The dashboard."""
    rows = [[_total(), _loaded(), _confidence()], [_latency(), _classes()]]
    return Dashboard(
        uid="mm-performance",
        title="ML Model Performance",
        description=(
            "Is the model there, does it answer fast, and is it sure of what it says? One look, no database."
        ),
        scope=ANY_MODEL,
        sections=[Section("", rows)],
        since="now-1h",
        refresh="10s",
    )


def _total() -> Panel:
    return stat(
        "Total Predictions",
        "Predictions in the time range, over all replicas. It counts increases, so restarts lose nothing.",
        latest(f"round(sum(increase({_of(metrics.PREDICTIONS)}[$__range])))", "predictions"),
        alert="ModelTrafficStopped",
        width=8,
        height=7,
    )


def _loaded() -> Panel:
    return stat(
        "Model Status",
        "LOADED while at least one replica has its model. A target that vanished counts as NOT LOADED.",
        latest(f"max({_of(metrics.MODEL_LOADED)}) or vector(0)", "model"),
        unit="none",
        steps=ANY_IS_GOOD,
        mappings={"1": ("LOADED", GREEN), "0": ("NOT LOADED", RED)},
        alert="ModelNotLoaded",
        width=8,
        height=7,
    )


def _confidence() -> Panel:
    mean = (
        f"sum(rate({_of(f'{_CONFIDENCE}_sum')}[$__rate_interval]))"
        f" / (sum(rate({_of(f'{_CONFIDENCE}_count')}[$__rate_interval])) > 0)"
    )
    return gauge(
        "Average Confidence",
        "Mean confidence of the last five minutes. Below 0.8 look at the inputs, below 0.6 do not trust "
        "the answers.",
        latest(mean, "confidence", interval=_FIVE_MINUTES),
        steps=CONFIDENCE_STEPS,
        alert="ModelConfidenceLow",
        width=8,
        height=7,
    )


def _latency() -> Panel:
    buckets = f"sum by (le) (rate({_of(f'{metrics.PREDICTION_DURATION.name}_bucket')}[$__rate_interval]))"
    return lines(
        "Prediction Latency",
        "From admission of a text to its prediction, over all replicas. The lines are the guide's 100 "
        "and 500 ms.",
        *(
            series(f"histogram_quantile({quantile}, {buckets})", f"p{percent}", interval=_FIVE_MINUTES)
            for quantile, percent in (("0.50", 50), ("0.95", 95), ("0.99", 99))
        ),
        unit="s",
        steps=LATENCY_STEPS,
        thresholds="dashed",
        alert="ModelLatencyHigh",
        width=16,
        height=9,
    )


def _classes() -> Panel:
    return pie(
        "Sentiment Distribution",
        "Predicted classes in the time range. A shift without a reason in the business may be drift.",
        latest(f"sum by (sentiment) (increase({_of(metrics.PREDICTIONS)}[$__range]))", "{{sentiment}}"),
        overrides=CLASS_COLORS,
        alert="ModelPredictionMixShift",
        height=9,
    )
