"""Every alert run through Prometheus' own rule engine: when it fires, when it is silent, what it survives."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import installation_groups, rule_groups
from modelmonitor.rules.groups import alert_names

OWN = 'namespace="ml",modelmonitor="sentiment"'
CHECK = f'{OWN},check="data",drift_type="data"'
REPEATED = f'{OWN},type="RetrainRecommended",reason="RepeatedDrift"'
DAY = 24 * 60
OF_TRAFFIC = (
    "ModelErrorRateHigh",
    "ModelErrorBudgetBurn",
    "ModelLatencyHigh",
    "ModelConfidenceLow",
    "ModelLowConfidenceRateHigh",
    "ModelPredictionMixShift",
    "ModelTrafficStopped",
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
    f"modelmonitor_operator_reconcile_errors_total{{{OWN}}}": "0x{n}",
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
            f"api_predictions_total{{{OWN},sentiment='POSITIVE'}}": f"0+30x{DAY} {30 * DAY}+55x{{n}}",
            f"api_predictions_total{{{OWN},sentiment='NEGATIVE'}}": f"0+30x{DAY} {30 * DAY}+5x{{n}}",
        },
        fires_at=DAY + 90,
        silent_at=DAY + 20,
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
        {f"modelmonitor_operator_reconcile_errors_total{{{OWN}}}": "0+1x{n}"},
        25,
        8,
    ),
    Case("ModelMonitorOperatorDown", "critical", {"modelmonitor_operator_monitors": None}, 11, 9),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}-{case.severity}")
def test_an_alert_fires_after_its_for_and_not_before(case: Case, run_rules: RunRules) -> None:
    series = {**HEALTHY, **case.series}
    run_rules(
        series, firing={(case.alert, case.severity): case.fires_at}, silent={case.alert: case.silent_at}
    )


def test_every_alert_is_silent_while_all_is_well(run_rules: RunRules) -> None:
    run_rules(HEALTHY, silent=dict.fromkeys(alert_names(), DAY + 60))


def test_every_alert_has_a_case_that_fires_it() -> None:
    assert {case.alert for case in CASES} == set(alert_names())


def test_ratios_are_silent_without_traffic(run_rules: RunRules) -> None:
    counters = ("_total", "_duration", "_confidence")
    idle = {
        name: "5x{n}" if any(part in name for part in counters) else values
        for name, values in HEALTHY.items()
    }
    run_rules(idle, silent=dict.fromkeys(OF_TRAFFIC, 120))


def test_a_target_that_vanishes_is_down(run_rules: RunRules) -> None:
    vanished = {
        name: (values.replace("{n}", "30") if OWN in name else values) for name, values in HEALTHY.items()
    }
    run_rules(vanished, firing={("ModelTargetDown", "critical"): 45})


def test_a_restart_of_the_counters_fires_nothing(run_rules: RunRules) -> None:
    def restarted(values: str) -> str:
        return f"{values.replace('{n}', '60')} {values}" if "+" in values else values

    series = {name: restarted(values) for name, values in HEALTHY.items()}
    run_rules(series, silent=dict.fromkeys(alert_names(), 100))


def test_few_failures_of_one_request_a_minute_do_not_alert(run_rules: RunRules) -> None:
    rare = {
        **HEALTHY,
        f"api_predictions_total{{{OWN},sentiment='POSITIVE'}}": "0+1x{n}",
        f"api_predictions_total{{{OWN},sentiment='NEGATIVE'}}": "0x{n}",
        f"api_prediction_confidence_sum{{{OWN}}}": "0+0.3x{n}",
        f"api_prediction_confidence_count{{{OWN}}}": "0+1x{n}",
    }
    run_rules(rare, silent={"ModelConfidenceLow": 120})


TOLD = 'more of lol, "today"; in channel=<web>; harm suspected'


@pytest.mark.parametrize("explained", [True, False])
def test_a_drift_alert_says_what_changed_where_the_run_said_so(
    explained: bool, promtool: Path, tmp_path: Path, monitor_with: Callable[..., ModelMonitor]
) -> None:
    series = {f"modelmonitor_drift_severity{{{CHECK}}}": "2x20"}
    other = CHECK.replace('check="data"', 'check="other"')
    label = TOLD.replace('"', '\\"')
    whose = CHECK if explained else other
    series[f'modelmonitor_drift_explanation{{{whose},explanation="{label}"}}'] = "1x20"
    groups = [{**group, "rules": _drift_rules(group)} for group in rule_groups(monitor_with())]
    (tmp_path / "rules.json").write_text(json.dumps({"groups": groups}))
    rules = [rule for group in groups for rule in group["rules"]]
    (rule,) = (rule for rule in rules if rule["labels"]["severity"] == "critical")
    description = "The last run found a difference that is significant and large enough to matter"
    expected = {
        **rule["annotations"],
        "summary": "Drift of type data in sentiment/data",
        "description": f"{description}: {TOLD}." if explained else f"{description}.",
    }
    alert = {
        "exp_labels": {**rule["labels"], "check": "data", "drift_type": "data"},
        "exp_annotations": expected,
    }
    tests = {
        "rule_files": ["rules.json"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": [
                    {"eval_time": "5m", "alertname": "ModelDriftDetected", "exp_alerts": [alert]}
                ],
            }
        ],
    }
    (tmp_path / "tests.json").write_text(json.dumps(tests))
    done = subprocess.run(
        [promtool, "test", "rules", "tests.json"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _drift_rules(group: Mapping[str, Any]) -> list[Any]:
    return [rule for rule in group["rules"] if rule.get("alert") == "ModelDriftDetected"]


RunRules = Callable[..., None]


@pytest.fixture
def run_rules(promtool: Path, tmp_path: Path, monitor_with: Callable[..., ModelMonitor]) -> RunRules:
    """Feeds series to the rules and asserts which alerts fire when."""

    def run(
        series: Mapping[str, str | None],
        *,
        firing: Mapping[tuple[str, str], int] | None = None,
        silent: Mapping[str, int] | None = None,
    ) -> None:
        groups = [*rule_groups(monitor_with(alerts={"minAccuracy": "0.8"})), *installation_groups()]
        (tmp_path / "rules.json").write_text(json.dumps({"groups": groups}))
        until = max([*(firing or {}).values(), *(silent or {}).values()]) + 5
        tests = {
            "rule_files": ["rules.json"],
            "evaluation_interval": "1m",
            "tests": [
                {
                    "interval": "1m",
                    "input_series": [
                        {"series": name.replace("'", '"'), "values": values.replace("{n}", str(until))}
                        for name, values in series.items()
                        if values is not None
                    ],
                    "promql_expr_test": [
                        _expectation(alert, severity, minute=minute, count=1)
                        for (alert, severity), minute in (firing or {}).items()
                    ]
                    + [
                        _expectation(alert, None, minute=minute, count=0)
                        for alert, minute in (silent or {}).items()
                    ],
                }
            ],
        }
        (tmp_path / "tests.json").write_text(json.dumps(tests))
        done = subprocess.run(
            [promtool, "test", "rules", "tests.json"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def _expectation(alert: str, severity: str | None, *, minute: int, count: int) -> dict[str, object]:
    matchers = f'alertname="{alert}",alertstate="firing"' + (f',severity="{severity}"' if severity else "")
    expected = [{"labels": "{}", "value": count}] if count else []
    return {"expr": f"count(ALERTS{{{matchers}}})", "eval_time": f"{minute}m", "exp_samples": expected}
