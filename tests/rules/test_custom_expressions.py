"""Alerts whose expression a person wrote: what stays ours of them, as Prometheus' own rule engine sees it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import custom_groups, rule_groups

MakeMonitor = Callable[..., ModelMonitor]
TOO_FEW = 'sum(kube_pod_status_ready{namespace="ml"}) < 2'


def overriding(monitor_with: MakeMonitor, *overrides: dict[str, str], **alerts: Any) -> ModelMonitor:
    return monitor_with(alerts={"overrides": list(overrides), **alerts})


def names_of(groups: Any) -> set[str]:
    return {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}


def only_rule(monitor: ModelMonitor) -> dict[str, Any]:
    (group,) = custom_groups(monitor).values()
    (rule,) = group["rules"]
    return rule


def test_an_expression_leaves_one_rule_of_an_alert_in_a_group_of_its_own(monitor_with: MakeMonitor) -> None:
    everything = names_of(rule_groups(monitor_with()))

    monitor = overriding(monitor_with, {"alert": "ModelLatencyHigh", "expr": TOO_FEW})

    assert {alert: group["name"] for alert, group in custom_groups(monitor).items()} == {
        "ModelLatencyHigh": "modelmonitor.sentiment.ModelLatencyHigh"
    }
    assert only_rule(monitor)["expr"] == TOO_FEW
    assert names_of(rule_groups(monitor)) == everything - {"ModelLatencyHigh"}


def test_labels_delay_and_runbook_stay_those_of_the_milder_rule(monitor_with: MakeMonitor) -> None:
    rule = only_rule(
        overriding(monitor_with, {"alert": "ModelLatencyHigh", "expr": TOO_FEW}, labels={"team": "reviews"})
    )

    own = {"namespace": "ml", "modelmonitor": "sentiment"}
    assert rule["labels"] == {**own, "team": "reviews", "severity": "warning"}
    assert rule["for"] == "10m"
    assert rule["annotations"]["runbook_url"].endswith("/ModelLatencyHigh")


def test_delay_and_severity_may_be_changed_with_it(monitor_with: MakeMonitor) -> None:
    change = {"alert": "ModelLatencyHigh", "expr": TOO_FEW, "for": "1m", "severity": "critical"}

    rule = only_rule(overriding(monitor_with, change))

    assert (rule["for"], rule["labels"]["severity"]) == ("1m", "critical")


def test_each_expression_has_a_group_so_that_one_that_is_broken_harms_no_other(
    monitor_with: MakeMonitor,
) -> None:
    monitor = overriding(
        monitor_with,
        {"alert": "ModelLatencyHigh", "expr": "sum("},
        {"alert": "ModelTargetDown", "expr": TOO_FEW},
    )

    assert [len(group["rules"]) for group in custom_groups(monitor).values()] == [1, 1]


@pytest.mark.parametrize(
    "spec", [{"suspend": True}, {"alerts": {"disabled": ["ModelLatencyHigh"]}}], ids=["suspended", "disabled"]
)
def test_an_alert_that_is_not_wanted_is_not_made_whatever_its_expression(
    spec: dict[str, Any], monitor_with: MakeMonitor
) -> None:
    alerts = {**spec.get("alerts", {}), "overrides": [{"alert": "ModelLatencyHigh", "expr": TOO_FEW}]}

    assert custom_groups(monitor_with(**{**spec, "alerts": alerts})) == {}


def test_texts_name_the_monitor_though_the_result_has_no_labels(
    monitor_with: MakeMonitor, promtool: Path, tmp_path: Path
) -> None:
    monitor = overriding(monitor_with, {"alert": "ModelLatencyHigh", "expr": "sum(up) < 2", "for": "0m"})
    fires = {
        "exp_labels": {"severity": "warning", "namespace": "ml", "modelmonitor": "sentiment"},
        "exp_annotations": {
            **only_rule(monitor)["annotations"],
            "summary": "sentiment answers slowly: p95 is 1s",
        },
    }

    done = tried(
        promtool, tmp_path, monitor, series={'up{pod="a"}': "1x20"}, alert="ModelLatencyHigh", fires=fires
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_drift_alert_still_says_what_changed(
    monitor_with: MakeMonitor, promtool: Path, tmp_path: Path
) -> None:
    expr = 'max by (check) (modelmonitor_drift_severity{namespace="ml",modelmonitor="sentiment"}) > 0'
    monitor = overriding(monitor_with, {"alert": "ModelDriftDetected", "expr": expr})
    check = 'namespace="ml",modelmonitor="sentiment",check="data"'
    series = {
        f"modelmonitor_drift_severity{{{check}}}": "1x20",
        f'modelmonitor_drift_explanation{{{check},explanation="more of lol"}}': "1x20",
    }
    found = "The last run found a difference that is significant and large enough to matter"
    fires = {
        "exp_labels": {
            "severity": "warning",
            "namespace": "ml",
            "modelmonitor": "sentiment",
            "check": "data",
        },
        "exp_annotations": {
            **only_rule(monitor)["annotations"],
            # The expression dropped drift_type, so the text lacks it.
            "summary": "Drift of type  in sentiment/data",
            "description": f"{found}: more of lol.",
        },
    }

    done = tried(promtool, tmp_path, monitor, series=series, alert="ModelDriftDetected", fires=fires)

    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_accepts_them_beside_our_own(
    monitor_with: MakeMonitor, promtool: Path, tmp_path: Path
) -> None:
    monitor = overriding(
        monitor_with,
        {"alert": "ModelLatencyHigh", "expr": TOO_FEW},
        {"alert": "ModelDriftDetected", "expr": "sum(\n  up  # all\n) < 1\n"},
    )
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"groups": [*rule_groups(monitor), *custom_groups(monitor).values()]}))

    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", rules], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def tried(
    promtool: Path,
    folder: Path,
    monitor: ModelMonitor,
    *,
    series: Mapping[str, str],
    alert: str,
    fires: Mapping[str, Any],
) -> subprocess.CompletedProcess[str]:
    """The custom rules of a monitor, fed with series, must fire one alert after five minutes."""
    (folder / "rules.json").write_text(json.dumps({"groups": list(custom_groups(monitor).values())}))
    expected = {"eval_time": "5m", "alertname": alert, "exp_alerts": [fires]}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [expected],
    }
    (folder / "tests.json").write_text(json.dumps({"rule_files": ["rules.json"], "tests": [test]}))
    return subprocess.run(
        [promtool, "test", "rules", "tests.json"], cwd=folder, capture_output=True, text=True
    )
