"""The annotation of a drift alert, filled in by Prometheus' own rule engine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import rule_groups
from tests.rules.series import CHECK

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
