from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modelmonitor import metrics
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import installation_groups, rule_groups
from modelmonitor.rules.groups import RUNBOOKS, alert_names
from modelmonitor.rules.promql import low_confidence_bucket
from modelmonitor.rules.schedules import longest_gap

ROOT = Path(__file__).parents[2]
MakeMonitor = Callable[..., ModelMonitor]


def alerts_of(monitor: ModelMonitor) -> dict[tuple[str, str], dict[str, Any]]:
    rules = [rule for group in rule_groups(monitor) for rule in group["rules"] if "alert" in rule]
    return {(rule["alert"], rule["labels"]["severity"]): rule for rule in rules}


def test_prometheus_accepts_every_rule(monitor_with: MakeMonitor, promtool: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"groups": [*rule_groups(monitor_with()), *installation_groups()]}))

    done = subprocess.run(
        [promtool, "check", "rules", "--lint=all", "--lint-fatal", rules], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_thresholds_come_from_the_spec(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(
        thresholds={
            "confidence": {"warning": "0.75", "critical": "0.55"},
            "lowConfidenceShare": {"warning": "0.2", "critical": "0.4"},
            "latencyP95": {"warning": "250ms", "critical": "2s"},
            "errorRate": {"warning": "0.001", "critical": "0.02"},
        },
        alerts={"minRequestsPerSecond": "3"},
    )

    expressions = {key: rule["expr"] for key, rule in alerts_of(monitor).items()}

    traffic = 'modelmonitor:predictions:rate5m{namespace="ml",modelmonitor="sentiment"}'
    gate = f" and on (namespace, modelmonitor) ({traffic} > 3)"
    own = '{namespace="ml",modelmonitor="sentiment"}'
    assert (
        expressions["ModelConfidenceLow", "warning"]
        == f"(modelmonitor:prediction_confidence:mean1h{own} < 0.75){gate}"
    )
    assert (
        expressions["ModelConfidenceLow", "critical"]
        == f"(modelmonitor:prediction_confidence:mean1h{own} < 0.55){gate}"
    )
    assert expressions["ModelLatencyHigh", "warning"].startswith(
        f"(modelmonitor:prediction_duration_seconds:p95_5m{own} > 0.25)"
    )
    assert expressions["ModelLatencyHigh", "critical"].startswith(
        f"(modelmonitor:prediction_duration_seconds:p95_5m{own} > 2)"
    )
    assert expressions["ModelErrorRateHigh", "warning"].startswith(
        f"(modelmonitor:request_errors:ratio_rate5m{own} > 0.001)"
    )
    assert expressions["ModelErrorBudgetBurn", "critical"].startswith(
        f"(modelmonitor:request_errors:ratio_rate5m{own} > 0.288 "
    )


def test_an_alert_carries_labels_to_route_on_and_a_runbook(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(
        alerts={"labels": {"team": "reviews"}, "runbookBaseURL": "https://example.com/books/"}
    )

    rule = alerts_of(monitor)["ModelNotLoaded", "critical"]

    assert rule["labels"] == {
        "team": "reviews",
        "namespace": "ml",
        "modelmonitor": "sentiment",
        "severity": "critical",
    }
    assert rule["annotations"]["runbook_url"] == "https://example.com/books/ModelNotLoaded"


def test_disabled_alerts_are_not_made(monitor_with: MakeMonitor) -> None:
    everything = {name for name, _ in alerts_of(monitor_with())}

    without = {name for name, _ in alerts_of(monitor_with(alerts={"disabled": ["ModelLatencyHigh"]}))}

    assert everything - without == {"ModelLatencyHigh"}


def test_an_override_changes_the_delay_of_both_severities(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(alerts={"overrides": [{"alert": "ModelLatencyHigh", "for": "45m"}]})

    delays = {key: rule["for"] for key, rule in alerts_of(monitor).items() if key[0] == "ModelLatencyHigh"}

    assert delays == {("ModelLatencyHigh", "warning"): "45m", ("ModelLatencyHigh", "critical"): "45m"}


def test_an_override_of_the_severity_leaves_one_rule_of_an_alert(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(alerts={"overrides": [{"alert": "ModelLatencyHigh", "severity": "critical"}]})

    rules = {key: rule["expr"] for key, rule in alerts_of(monitor).items() if key[0] == "ModelLatencyHigh"}

    assert list(rules) == [("ModelLatencyHigh", "critical")]
    assert "> 0.1)" in rules["ModelLatencyHigh", "critical"]


def test_a_suspended_monitor_records_and_does_not_alert(monitor_with: MakeMonitor) -> None:
    groups = rule_groups(monitor_with(suspend=True))

    assert [group["name"] for group in groups] == ["modelmonitor.sentiment.recording"]


def test_every_alert_has_a_runbook() -> None:
    written = {path.stem for path in (ROOT / "docs/runbooks").glob("Model*.md")}

    assert written == set(alert_names())


@pytest.mark.parametrize("alert", alert_names())
def test_a_runbook_says_what_it_means_and_what_to_do(alert: str) -> None:
    headings = [
        line for line in (ROOT / f"docs/runbooks/{alert}.md").read_text().splitlines() if line.startswith("#")
    ]

    assert headings == [f"# {alert}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


def test_rules_read_only_metrics_that_exist(monitor_with: MakeMonitor) -> None:
    known = {metric.name for metric in (*metrics.PREDICTOR_METRICS, *metrics.OPERATOR_METRICS)}
    groups = [*rule_groups(monitor_with()), *installation_groups()]
    text = " ".join(rule["expr"] for group in groups for rule in group["rules"])
    words = set(re.split(r"[^a-zA-Z0-9_:]+", text))

    read = {
        word for word in words if word.startswith(("api_", "model_", "modelmonitor_")) and ":" not in word
    }

    endings = ("_bucket", "_sum", "_count")
    bare = {word.removesuffix(next((end for end in endings if word.endswith(end)), "")) for word in read}
    assert bare <= known


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("7 2 * * *", timedelta(days=1)),
        ("@hourly", timedelta(hours=1)),
        ("0 6 * * MON", timedelta(days=7)),
        ("27 2 * * MON-FRI", timedelta(days=3)),
        ("* * * * 1-5", timedelta(days=2, minutes=1)),
        ("0 0 29 2 *", timedelta(days=1461)),
    ],
)
def test_the_longest_gap_of_a_schedule_counts(schedule: str, gap: timedelta) -> None:
    assert longest_gap(schedule) == gap


def test_a_schedule_that_never_fires_has_no_gap() -> None:
    with pytest.raises(ValueError, match="next date"):
        longest_gap("0 0 31 2 *")


@pytest.mark.parametrize(("below", "bound"), [(0.6, 0.6), (0.64, 0.6), (0.66, 0.7), (0.97, 0.95), (0.0, 0.1)])
def test_low_confidence_is_read_at_the_nearest_bound(below: float, bound: float) -> None:
    assert low_confidence_bucket(below) == bound


def test_runbooks_have_an_address_without_one_in_the_spec(monitor_with: MakeMonitor) -> None:
    rule = alerts_of(monitor_with())["ModelTargetDown", "critical"]

    assert rule["annotations"]["runbook_url"] == f"{RUNBOOKS}/ModelTargetDown"
