"""Series of a healthy service, and for each alert those that fire it; `{n}` is how many minutes they last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

OWN = 'namespace="ml",modelmonitor="sentiment"'
CHECK = f'{OWN},check="data",drift_type="data"'
REPEATED = f'{OWN},type="RetrainRecommended",reason="RepeatedDrift"'
READY = f'{OWN},type="Ready",reason="ObjectsApplied"'
DAY = 24 * 60
LONG = 4 * 60
OF_TRAFFIC = (
    "ModelErrorRateHigh",
    "ModelErrorBudgetBurn",
    "ModelLatencyHigh",
    "ModelConfidenceLow",
    "ModelLowConfidenceRateHigh",
    "ModelPredictionMixShift",
    "ModelTrafficStopped",
    "ModelPredictionLogDropped",
)

# A healthy hour of a service: 60 predictions a minute, all fast, sure, and answered with 200.
HEALTHY: Mapping[str, str] = {
    f"up{{{OWN}}}": "1x{n}",
    f"model_loaded{{{OWN},pod='a'}}": "1x{n}",
    f"model_loaded{{{OWN},pod='b'}}": "1x{n}",
    f"api_predictions_total{{{OWN},sentiment='POSITIVE'}}": "0+30x{n}",
    f"api_predictions_total{{{OWN},sentiment='NEGATIVE'}}": "0+30x{n}",
    f"api_requests_total{{{OWN},status='200'}}": "0+60x{n}",
    f"api_prediction_confidence_sum{{{OWN}}}": "0+54x{n}",
    f"api_prediction_confidence_count{{{OWN}}}": "0+60x{n}",
    f"api_prediction_confidence_bucket{{{OWN},le='0.6'}}": "0+1x{n}",
    f"api_prediction_duration_seconds_bucket{{{OWN},le='0.05'}}": "0+60x{n}",
    f"api_prediction_duration_seconds_bucket{{{OWN},le='0.5'}}": "0+60x{n}",
    f"api_prediction_duration_seconds_bucket{{{OWN},le='1.0'}}": "0+60x{n}",
    f"api_prediction_duration_seconds_bucket{{{OWN},le='+Inf'}}": "0+60x{n}",
    f"api_prediction_log_dropped_total{{{OWN}}}": "0x{n}",
    f"modelmonitor_database_up{{{OWN}}}": "1x{n}",
    f"modelmonitor_drift_detected{{{CHECK}}}": "0x{n}",
    f"modelmonitor_drift_severity{{{CHECK}}}": "0x{n}",
    f"modelmonitor_run_waiting_since_timestamp_seconds{{{CHECK}}}": "0+60x{n}",
    f"modelmonitor_run_interval_seconds{{{CHECK}}}": "3600x{n}",
    f"modelmonitor_run_failed{{{CHECK}}}": "0x{n}",
    f"modelmonitor_window_rows{{{CHECK}}}": "900x{n}",
    f"modelmonitor_window_min_rows{{{CHECK}}}": "200x{n}",
    f"modelmonitor_condition{{{REPEATED}}}": "0x{n}",
    f"modelmonitor_labelled_accuracy{{{CHECK},bound='low'}}": "0.84x{n}",
    f"modelmonitor_labelled_accuracy{{{CHECK},bound='point'}}": "0.87x{n}",
    f"modelmonitor_labelled_accuracy{{{CHECK},bound='high'}}": "0.9x{n}",
    "modelmonitor_operator_monitors": "1x{n}",
    f"modelmonitor_operator_reconcile_failing{{{OWN}}}": "0x{n}",
    f"modelmonitor_condition{{{READY}}}": "1x{n}",
}


@dataclass(frozen=True)
class Case:
    """An alert that some series in place of the healthy ones (None: left out) fire after a while.

    `silent_at` is a minute, within the alert's `for`, when it does not fire yet.
    """

    alert: str
    severity: str
    series: Mapping[str, str | None]
    fires_at: int
    silent_at: int


CASES = [
    Case("ModelTargetDown", "critical", {f"up{{{OWN}}}": "0x{n}"}, fires_at=6, silent_at=4),
    Case("ModelNotLoaded", "critical", {f"model_loaded{{{OWN},pod='{p}'}}": "0x{n}" for p in "ab"}, 3, 1),
    Case("ModelReplicaNotLoaded", "warning", {f"model_loaded{{{OWN},pod='a'}}": "0x{n}"}, 11, 9),
    Case("ModelErrorRateHigh", "warning", {f"api_requests_total{{{OWN},status='500'}}": "0+0.1x{n}"}, 25, 10),
    Case("ModelErrorRateHigh", "critical", {f"api_requests_total{{{OWN},status='500'}}": "0+3x{n}"}, 20, 8),
    Case(
        "ModelErrorBudgetBurn", "critical", {f"api_requests_total{{{OWN},status='500'}}": "0+20x{n}"}, 10, 1
    ),
    Case("ModelErrorBudgetBurn", "warning", {f"api_requests_total{{{OWN},status='500'}}": "0+3x{n}"}, 30, 10),
    Case(
        "ModelLatencyHigh",
        "warning",
        {f"api_prediction_duration_seconds_bucket{{{OWN},le='0.05'}}": "0x{n}"},
        20,
        9,
    ),
    Case(
        "ModelLatencyHigh",
        "critical",
        {f"api_prediction_duration_seconds_bucket{{{OWN},le='{le}'}}": "0x{n}" for le in ("0.05", "0.5")},
        20,
        9,
    ),
    Case(
        "ModelTrafficStopped",
        "warning",
        {
            f"api_predictions_total{{{OWN},sentiment='POSITIVE'}}": f"0+30x{DAY} {30 * DAY}x{{n}}",
            f"api_predictions_total{{{OWN},sentiment='NEGATIVE'}}": f"0+30x{DAY} {30 * DAY}x{{n}}",
        },
        fires_at=DAY + 65,
        silent_at=DAY + 25,
    ),
    Case(
        "ModelPredictionLogDropped",
        "warning",
        {f"api_prediction_log_dropped_total{{{OWN}}}": "0+1x{n}"},
        10,
        4,
    ),
    Case("ModelMonitorDatabaseDown", "critical", {f"modelmonitor_database_up{{{OWN}}}": "0x{n}"}, 6, 4),
    Case("ModelConfidenceLow", "warning", {f"api_prediction_confidence_sum{{{OWN}}}": "0+45x{n}"}, 25, 10),
    Case("ModelConfidenceLow", "critical", {f"api_prediction_confidence_sum{{{OWN}}}": "0+30x{n}"}, 25, 10),
    Case(
        "ModelLowConfidenceRateHigh",
        "warning",
        {f"api_prediction_confidence_bucket{{{OWN},le='0.6'}}": "0+12x{n}"},
        25,
        10,
    ),
    Case(
        "ModelLowConfidenceRateHigh",
        "critical",
        {f"api_prediction_confidence_bucket{{{OWN},le='0.6'}}": "0+24x{n}"},
        25,
        10,
    ),
    Case(
        "ModelPredictionMixShift",
        "warning",
        {
            f"api_predictions_total{{{OWN},sentiment='POSITIVE'}}": f"0+30x{LONG} {30 * LONG}+55x{{n}}",
            f"api_predictions_total{{{OWN},sentiment='NEGATIVE'}}": f"0+30x{LONG} {30 * LONG}+5x{{n}}",
        },
        fires_at=LONG + 90,
        silent_at=LONG + 20,
    ),
    Case("ModelDriftDetected", "warning", {f"modelmonitor_drift_severity{{{CHECK}}}": "0x10 1x{n}"}, 12, 9),
    Case("ModelDriftDetected", "critical", {f"modelmonitor_drift_severity{{{CHECK}}}": "0x10 2x{n}"}, 12, 9),
    Case("ModelDriftPersistent", "critical", {f"modelmonitor_condition{{{REPEATED}}}": "0x10 1x{n}"}, 12, 9),
    Case(
        "ModelDriftRunStale",
        "warning",
        {f"modelmonitor_run_waiting_since_timestamp_seconds{{{CHECK}}}": "0x{n}"},
        fires_at=135,
        silent_at=125,
    ),
    Case("ModelDriftRunFailed", "warning", {f"modelmonitor_run_failed{{{CHECK}}}": "0x10 1x{n}"}, 12, 9),
    Case("ModelWindowTooSmall", "info", {f"modelmonitor_window_rows{{{CHECK}}}": "150x{n}"}, 125, 115),
    Case(
        "ModelPerformanceBelowTarget",
        "warning",
        {f"modelmonitor_labelled_accuracy{{{CHECK},bound='point'}}": "0.87x10 0.79x{n}"},
        12,
        9,
    ),
    Case(
        "ModelPerformanceBelowTarget",
        "critical",
        {f"modelmonitor_labelled_accuracy{{{CHECK},bound='high'}}": "0.9x10 0.78x{n}"},
        12,
        9,
    ),
    Case(
        "ModelMonitorReconcileFailing",
        "warning",
        {f"modelmonitor_operator_reconcile_failing{{{OWN}}}": "1x{n}"},
        11,
        9,
    ),
    Case("ModelMonitorOperatorDown", "critical", {"modelmonitor_operator_monitors": None}, 11, 9),
]


def is_of_operator(series: str) -> bool:
    """Whether the operator exposes a series; else the predictor does."""
    return series.startswith("modelmonitor_") and not series.startswith("modelmonitor_database_up")


def without_traffic(series: Mapping[str, str]) -> dict[str, str]:
    """The same, but no request comes: what the predictor counts stands still."""
    return {name: "5x{n}" if name.startswith("api_") else values for name, values in series.items()}


def vanishing(series: Mapping[str, str], *, of_operator: bool, after: int) -> dict[str, str]:
    """The same, but operator or predictor is gone after some minutes, with all that it exposes."""
    return {
        name: values.replace("{n}", str(after)) if is_of_operator(name) == of_operator else values
        for name, values in series.items()
    }


def restarting(series: Mapping[str, str], *, after: int) -> dict[str, str]:
    """The same, but all counters begin anew at 0 after some minutes."""
    return {
        name: _restarting(values, after) if _COUNTER.search(name) else values
        for name, values in series.items()
    }


_COUNTER = re.compile(r"_(total|sum|count|bucket)\{")
_LAST = re.compile(r"(\d+)((?:\+[\d.]+)?)x\{n\}$")


def _restarting(values: str, after: int) -> str:
    slope = _LAST.search(values)[2]
    before = sum(int(length) for length in re.findall(r"x(\d+)", values))
    return f"{values.replace('{n}', str(after - before))} 0{slope}x{{n}}"
