"""Every alert run through Prometheus' own rule engine: when it fires, when it is silent, what it survives."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import installation_groups, rule_groups
from modelmonitor.rules.groups import alert_names
from tests.rules.series import (
    CASES,
    HEALTHY,
    LONG,
    OF_TRAFFIC,
    OWN,
    Case,
    is_of_operator,
    restarting,
    vanishing,
    without_traffic,
)

Alerts = Mapping[tuple[str, str], int]
ALL_SILENT = dict.fromkeys(alert_names(), LONG + 60)


@dataclass(frozen=True)
class Trial:
    """Series, and minutes at which alerts, with their severity, fire and at which others are silent."""

    name: str
    series: Mapping[str, str | None]
    firing: Alerts = field(default_factory=dict)
    silent: Mapping[str, int] = field(default_factory=dict)

    @property
    def alerts(self) -> set[str]:
        return {alert for alert, _ in self.firing} | set(self.silent)


def trial(case: Case, series: Mapping[str, str], *, fires_at: int | None, silent_at: int | None) -> Trial:
    firing = {} if fires_at is None else {(case.alert, case.severity): fires_at}
    silent = {} if silent_at is None else {case.alert: silent_at}
    return Trial(f"{case.alert} {case.severity}", series, firing, silent)


def healthy() -> list[Trial]:
    return [Trial("all is well", HEALTHY, silent=ALL_SILENT)]


def failing() -> list[Trial]:
    return [
        trial(case, with_healthy(case), fires_at=case.fires_at, silent_at=case.silent_at) for case in CASES
    ]


def idle() -> list[Trial]:
    """Without traffic a ratio means nothing and is silent; whatever else is wrong is told as before."""
    return [
        trial(
            case,
            without_traffic(with_healthy(case)),
            fires_at=None if case.alert in OF_TRAFFIC else case.fires_at,
            silent_at=case.fires_at if case.alert in OF_TRAFFIC else None,
        )
        for case in CASES
    ]


def vanished() -> list[Trial]:
    """What an alert reads goes with whoever exposes it: then that one is told to be down."""
    trials = []
    for case in CASES:
        of_operator = all(is_of_operator(name) for name in case.series)
        down = "ModelMonitorOperatorDown" if of_operator else "ModelTargetDown"
        series = vanishing(with_healthy(case), of_operator=of_operator, after=case.fires_at)
        trials.append(
            Trial(f"{case.alert} {case.severity}", series, firing={(down, "critical"): case.fires_at + 20})
        )
    return trials


def restarted() -> list[Trial]:
    """Counters that begin anew fire nothing, and stop nothing that fires."""
    calm = Trial("all is well", restarting(HEALTHY, after=60), silent=dict.fromkeys(alert_names(), 100))
    return [
        calm,
        *(
            trial(
                case,
                restarting(with_healthy(case), after=case.fires_at + 2),
                fires_at=case.fires_at + 15,
                silent_at=None,
            )
            for case in CASES
        ),
    ]


def with_healthy(case: Case) -> dict[str, str]:
    return {name: values for name, values in {**HEALTHY, **case.series}.items() if values is not None}


BEHAVIOURS: Mapping[str, Callable[[], list[Trial]]] = {
    "silent when healthy": healthy,
    "fires after its for": failing,
    "silent without traffic": idle,
    "told when the series vanish": vanished,
    "survives a restart of the counters": restarted,
}


# Some fifty hours of Prometheus' time, which a busy machine needs minutes for.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_every_alert(behaviour: str, run_rules: RunRules) -> None:
    run_rules(BEHAVIOURS[behaviour]())


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_no_alert_lacks_a_behaviour(behaviour: str) -> None:
    trials = BEHAVIOURS[behaviour]()

    tried = set().union(*(each.alerts | {each.name.partition(" ")[0]} for each in trials))

    assert set(alert_names()) <= tried


def test_both_severities_of_an_alert_have_a_case() -> None:
    rules = [rule for group in groups(monitor()) for rule in group["rules"] if "alert" in rule]

    assert {(case.alert, case.severity) for case in CASES} == {
        (rule["alert"], rule["labels"]["severity"]) for rule in rules
    }


def test_a_target_that_is_scaled_to_zero_on_purpose_is_not_down(run_rules: RunRules) -> None:
    asleep = {f"modelmonitor_target_scaled_to_zero{{{OWN}}}": "1x{n}"}
    wanted = {f"modelmonitor_target_scaled_to_zero{{{OWN}}}": "0x{n}"}
    gone = {name: values for name, values in HEALTHY.items() if is_of_operator(name)}
    down = {("ModelTargetDown", "critical"): 45}
    run_rules(
        [
            Trial("on purpose", {**gone, **asleep}, silent={"ModelTargetDown": 45}),
            Trial("a pod is wanted", {**gone, **wanted}, firing=down),
            Trial("crashing", {**HEALTHY, **wanted, f"up{{{OWN}}}": "0x{n}"}, firing=down),
            Trial("nobody knows", gone, firing=down),
            Trial(
                "awake and down", {**gone, f"modelmonitor_target_scaled_to_zero{{{OWN}}}": "1x20 0x{n}"}, down
            ),
        ]
    )


def test_few_failures_of_one_request_a_minute_do_not_alert(run_rules: RunRules) -> None:
    rare = {
        **HEALTHY,
        f"api_predictions_total{{{OWN},sentiment='POSITIVE'}}": "0+1x{n}",
        f"api_predictions_total{{{OWN},sentiment='NEGATIVE'}}": "0x{n}",
        f"api_prediction_confidence_sum{{{OWN}}}": "0+0.3x{n}",
        f"api_prediction_confidence_count{{{OWN}}}": "0+1x{n}",
    }
    run_rules([Trial("rare", rare, silent={"ModelConfidenceLow": 120})])


RunRules = Callable[[list[Trial]], None]


def monitor() -> ModelMonitor:
    return ModelMonitor.model_validate(
        {
            "apiVersion": "modelmonitor.io/v1alpha1",
            "kind": "ModelMonitor",
            "metadata": {"name": "sentiment", "namespace": "ml"},
            "spec": {
                "target": {"inferenceService": "sentiment"},
                "reference": {"dataset": "reviews"},
                "alerts": {"minAccuracy": "0.8"},
            },
        }
    )


def groups(of: ModelMonitor) -> list[dict[str, object]]:
    return [*rule_groups(of), *installation_groups()]


@pytest.fixture
def run_rules(promtool: Path, tmp_path: Path) -> RunRules:
    """Feeds series to the rules and asserts which alerts fire when."""

    def run(trials: list[Trial]) -> None:
        (tmp_path / "rules.json").write_text(json.dumps({"groups": groups(monitor())}))
        tests = {
            "rule_files": ["rules.json"],
            "evaluation_interval": "1m",
            "tests": [_test(each) for each in trials],
        }
        (tmp_path / "tests.json").write_text(json.dumps(tests))
        done = subprocess.run(
            [promtool, "test", "rules", "tests.json"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def _test(of: Trial) -> dict[str, object]:
    until = max([*of.firing.values(), *of.silent.values()]) + 5
    return {
        "name": of.name,
        "interval": "1m",
        "input_series": [
            {"series": name.replace("'", '"'), "values": values.replace("{n}", str(until))}
            for name, values in of.series.items()
            if values is not None
        ],
        "promql_expr_test": [
            *(_expectation(*alert, minute=minute, count=1) for alert, minute in of.firing.items()),
            *(_expectation(alert, None, minute=minute, count=0) for alert, minute in of.silent.items()),
        ],
    }


def _expectation(alert: str, severity: str | None, *, minute: int, count: int) -> dict[str, object]:
    matchers = f'alertname="{alert}",alertstate="firing"' + (f',severity="{severity}"' if severity else "")
    expected = [{"labels": "{}", "value": count}] if count else []
    return {"expr": f"count(ALERTS{{{matchers}}})", "eval_time": f"{minute}m", "exp_samples": expected}
