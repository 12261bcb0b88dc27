"""ModelMonitorReconcileFailing on what the operator tells when it retries as its queue does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from controller.telemetry import Telemetry
from controller.work_queue import retry_delay_s
from modelmonitor.rules import installation_groups

OWN = 'namespace="ml",modelmonitor="sentiment"'
FAILING = f"modelmonitor_operator_reconcile_failing{{{OWN}}}"
OBJECTS = f'modelmonitor_condition{{{OWN},type="Ready",reason="ObjectsApplied"}}'
INVALID = f'modelmonitor_condition{{{OWN},type="Ready",reason="InvalidSpec"}}'
HOUR, DAY = 60, 24 * 60
RESYNC_S = 600.0
RunRule = Callable[..., None]


def told(fails: Callable[[float], bool], *, minutes: int) -> list[str]:
    """What the operator exposes each minute, of a monitor whose reconcile fails at some seconds."""
    telemetry, due, failures, values = Telemetry(), 0.0, 0, []
    for minute in range(minutes):
        while due <= minute * 60:
            failed = fails(due)
            telemetry.reconciled("ml", "sentiment", seconds=0.1, failed=failed)
            due += retry_delay_s(failures) if failed else RESYNC_S
            failures = failures + 1 if failed else 0
        values.append(gauge(telemetry))
    return values


def gauge(telemetry: Telemetry) -> str:
    labels = {"namespace": "ml", "modelmonitor": "sentiment"}
    value = telemetry.registry.get_sample_value("modelmonitor_operator_reconcile_failing", labels)
    return "stale" if value is None else f"{value:.0f}"


@pytest.fixture
def run_rule(promtool: Path, tmp_path: Path) -> RunRule:
    """Asserts at which minutes the alert fires on series of one value a minute, and at which it does not."""

    def run(
        series: dict[str, Sequence[str]], *, firing: Sequence[int] = (), silent: Sequence[int] = ()
    ) -> None:
        (tmp_path / "rules.json").write_text(json.dumps({"groups": installation_groups()}))
        test = {
            "interval": "1m",
            "input_series": [{"series": name, "values": " ".join(each)} for name, each in series.items()],
            "promql_expr_test": [_fires(minute, minute in firing) for minute in (*firing, *silent)],
        }
        tests = {"rule_files": ["rules.json"], "evaluation_interval": "1m", "tests": [test]}
        (tmp_path / "tests.json").write_text(json.dumps(tests))
        command = [promtool, "test", "rules", "tests.json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def _fires(minute: int, fires: bool) -> dict[str, object]:
    alert = 'ALERTS{alertname="ModelMonitorReconcileFailing",alertstate="firing"}'
    labels = f"{{{OWN.replace(',', ', ')}}}"
    expected = [{"labels": labels, "value": 1}] if fires else []
    return {
        "expr": f"sum by (namespace, modelmonitor) ({alert})",
        "eval_time": f"{minute}m",
        "exp_samples": expected,
    }


def test_a_reconcile_that_fails_for_ever_alerts_within_15_minutes_and_for_days(run_rule: RunRule) -> None:
    values = told(lambda _: True, minutes=3 * DAY)

    run_rule({FAILING: values}, firing=[15, 24, HOUR, 4 * HOUR, DAY, 3 * DAY - 1], silent=[5])


def test_a_monitor_that_is_not_ready_alerts_whatever_its_reason(run_rule: RunRule) -> None:
    ready = ["1"] * 10 + ["stale"]
    invalid = ["_"] * 10 + ["0"] * DAY

    run_rule({FAILING: ["0"] * DAY, OBJECTS: ready, INVALID: invalid}, firing=[25, DAY - 1], silent=[15])


def test_a_failure_that_passes_is_silent(run_rule: RunRule) -> None:
    once = told(lambda second: second == 0, minutes=2 * HOUR)
    now_and_then = told(lambda second: second % 601 == 0, minutes=2 * HOUR)

    every_five = list(range(5, 2 * HOUR, 5))
    run_rule({FAILING: once}, silent=every_five)
    run_rule({FAILING: now_and_then}, silent=every_five)


def test_a_healthy_monitor_is_silent(run_rule: RunRule) -> None:
    values = told(lambda _: False, minutes=DAY)

    run_rule({FAILING: values, OBJECTS: ["1"] * DAY}, silent=[15, HOUR, DAY - 1])


def test_a_monitor_that_was_brought_to_its_spec_is_silent_again(run_rule: RunRule) -> None:
    values = told(lambda second: second < 3600, minutes=2 * HOUR)

    run_rule({FAILING: values}, firing=[HOUR], silent=[HOUR + 12])


def test_a_restart_of_the_operator_does_not_resolve_it(run_rule: RunRule) -> None:
    values = told(lambda _: True, minutes=HOUR)

    run_rule({FAILING: [*values, "stale", "_", *values]}, firing=list(range(15, 2 * HOUR)))


def test_a_deleted_monitor_is_silent(run_rule: RunRule) -> None:
    telemetry = Telemetry()
    telemetry.reconciled("ml", "sentiment", seconds=0.1, failed=True)
    telemetry.forget("ml", "sentiment")

    run_rule(
        {FAILING: [*told(lambda _: True, minutes=HOUR), gauge(telemetry)]},
        firing=[HOUR - 1],
        silent=[HOUR + 7, 2 * HOUR],
    )
