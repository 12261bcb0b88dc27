from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.desired.defaults import Defaults
from controller.desired.drift_conditions import degraded, drift_detected, reference_ready
from controller.desired.events import event, flips
from controller.desired.object_conditions import rules_loaded, target_reachable
from controller.desired.plan import plan
from controller.desired.runs import CheckState, check_states
from controller.manifest import CHILD_KINDS, PROMETHEUS_RULE, Capabilities, ObjectKey, Plan
from controller.observation import JobFact, Observation, PodFact, PrometheusFacts, TargetFacts
from modelmonitor.api.conditions import Condition, ConditionType, Reason
from modelmonitor.api.history import TimetableStatus
from modelmonitor.api.status import CheckStatus, ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
TARGET = TargetFacts({"app": "x"}, pods=(PodFact("x-1", ready=True, ports=frozenset({8080})),))
MakeMonitor = Callable[..., ModelMonitor]


def result(name: str, **fields: Any) -> CheckStatus:
    return CheckStatus(
        **{"name": name, "verdict": "NoDrift", "last_run_time": NOW - timedelta(hours=1), **fields}
    )


def states_of(
    monitor: ModelMonitor, *results: CheckStatus, jobs: tuple[JobFact, ...] = (), since: datetime = LONG_AGO
) -> tuple[CheckState, ...]:
    running = tuple(
        TimetableStatus(
            name=check.name, type=check.type, schedule=check.schedule, time_zone=check.time_zone, since=since
        )
        for check in monitor.spec.checks
    )
    status = ModelMonitorStatus(checks=results, timetables=running)
    return check_states(monitor, status, observation=Observation(TARGET, jobs), now=NOW)


def told(condition: Condition) -> tuple[str, str, str]:
    return condition.status, condition.reason, condition.message


ALL_WELL = (result("data"), result("concept"), result("performance"))


def test_no_drift_is_said_only_if_every_check_says_so(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with()

    everyone = drift_detected(states_of(monitor, *ALL_WELL))
    two = drift_detected(states_of(monitor, *ALL_WELL[:2], since=NOW))

    assert told(everyone) == ("False", "NoDrift", "No check of 3 sees drift.")
    assert told(two) == ("Unknown", "NotYetObserved", "performance has not run yet.")


def test_an_inconclusive_run_is_no_green(monitor_with: MakeMonitor) -> None:
    few = result("data", verdict="Inconclusive", message="The window has 12 rows of the 200 needed.")

    condition = drift_detected(states_of(monitor_with(), few, *ALL_WELL[1:]))

    assert told(condition) == ("Unknown", "Inconclusive", "The window has 12 rows of the 200 needed.")


def test_drift_of_several_types_is_said_once(monitor_with: MakeMonitor) -> None:
    drifts = [
        result(name, verdict="Drift", severity="warning", message=f"{name}!") for name in ("data", "concept")
    ]

    condition = drift_detected(states_of(monitor_with(), *drifts, ALL_WELL[2]))

    assert told(condition) == ("True", "SeveralDrifts", "data! concept!")


def test_drift_that_is_old_stays_drift_and_says_so(monitor_with: MakeMonitor) -> None:
    old = result("data", verdict="Drift", message="Changed.", last_run_time=NOW - timedelta(days=5))

    condition = drift_detected(states_of(monitor_with(), old, *ALL_WELL[1:]))

    assert told(condition) == (
        "True",
        "DataDrift",
        "Changed. data has had no result since 2026-11-15T03:00:00Z.",
    )


def test_a_job_that_failed_before_the_last_result_counts_no_more(monitor_with: MakeMonitor) -> None:
    failed = JobFact("data", "sentiment-data-1", NOW - timedelta(hours=5), failed=True, message="OOMKilled")

    assert (
        told(degraded(states_of(monitor_with(), *ALL_WELL, jobs=(failed,)), Observation(TARGET)))[0]
        == "False"
    )


@pytest.mark.parametrize(
    ("age", "status"), [(timedelta(days=2), "False"), (timedelta(days=2, hours=1), "True")]
)
def test_results_are_stale_after_two_intervals(
    monitor_with: MakeMonitor, age: timedelta, status: str
) -> None:
    old = result("data", last_run_time=NOW - age)

    assert degraded(states_of(monitor_with(), old, *ALL_WELL[1:]), Observation(TARGET)).status == status


def test_a_suspended_monitor_is_not_stale(monitor_with: MakeMonitor) -> None:
    old = [
        result(name, last_run_time=NOW - timedelta(days=30)) for name in ("data", "concept", "performance")
    ]

    assert degraded(states_of(monitor_with(suspend=True), *old), Observation(TARGET)).status == "False"


def test_a_critical_alert_degrades_a_monitor(monitor_with: MakeMonitor) -> None:
    prometheus = PrometheusFacts(firing=(("ModelLatencyHigh", "critical"), ("ModelConfidenceLow", "warning")))

    condition = degraded(states_of(monitor_with(), *ALL_WELL), Observation(TARGET, prometheus=prometheus))

    assert told(condition) == ("True", "AboveCritical", "Alert ModelLatencyHigh fires.")


@pytest.mark.parametrize(
    ("code", "reason"), [("NoReference", "ReferenceMissing"), ("ModelChanged", "ReferenceOutdated")]
)
def test_what_the_job_misses_of_the_reference_is_told(
    monitor_with: MakeMonitor, code: str, reason: str
) -> None:
    missing = result("data", verdict="Inconclusive", reason=code, message="Build one.")

    assert told(reference_ready(states_of(monitor_with(), missing))) == ("False", reason, "Build one.")


def test_what_there_is_to_know_of_a_reference_stands_beside_its_rows(monitor_with: MakeMonitor) -> None:
    note = "It was forced: a load test."
    states = states_of(
        monitor_with(),
        result("data", reference_rows=900, reference_note=note),
        result("concept", reference_rows=900, reference_note=note),
    )

    sentence = "The last run compared with 900 rows. It was forced: a load test."
    assert told(reference_ready(states)) == ("True", "ReferenceStored", sentence)


def test_prometheus_proves_that_a_target_is_reached(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with()

    reached = target_reachable(monitor, TARGET, prometheus=PrometheusFacts(targets=1, up=1))
    lost = target_reachable(monitor, TARGET, prometheus=PrometheusFacts(targets=2, up=1))
    deaf = target_reachable(
        monitor, TARGET, prometheus=PrometheusFacts(obstacle="Prometheus does not answer.")
    )

    assert told(reached) == ("True", "ScrapeSucceeded", "Prometheus reaches 1 of 1 pods that it knows.")
    assert told(lost)[:2] == ("False", "ScrapeFailed")
    assert told(deaf) == ("Unknown", "NotYetObserved", "1 of 1 pods are ready. Prometheus does not answer.")


def planned(monitor: ModelMonitor) -> Plan:
    everything = Capabilities(frozenset(CHILD_KINDS))
    return plan(monitor, pods={"app": "x"}, capabilities=everything, defaults=Defaults(job_image="job"))


def test_prometheus_proves_that_rules_are_loaded(monitor_with: MakeMonitor) -> None:
    every = planned(monitor_with())
    names = [f"modelmonitor.sentiment.{part}" for part in ("recording", "service", "quality", "drift")]

    loaded = rules_loaded(every, prometheus=PrometheusFacts(groups=dict.fromkeys(names, "")))
    lacking = rules_loaded(every, prometheus=PrometheusFacts(groups=dict.fromkeys(names[1:], "")))
    broken = rules_loaded(
        every, prometheus=PrometheusFacts(groups={**dict.fromkeys(names, ""), names[0]: "x"})
    )
    absent = rules_loaded(Plan(objects=(), missing=(PROMETHEUS_RULE,)), prometheus=None)

    assert told(loaded) == ("True", "RulesApplied", "Prometheus evaluates all 4 rule groups.")
    assert told(lacking)[:2] == ("False", "RulesRejected")
    assert told(broken) == ("False", "RulesRejected", "modelmonitor.sentiment.recording: x")
    assert told(absent)[:2] == ("False", "PrometheusRuleCRDMissing")


def test_an_expression_that_is_not_loaded_is_told_apart_from_rules_that_are_not_selected(
    monitor_with: MakeMonitor,
) -> None:
    monitor = monitor_with(alerts={"overrides": [{"alert": "ModelLatencyHigh", "expr": "sum("}]})
    names = [f"modelmonitor.sentiment.{part}" for part in ("recording", "service", "quality", "drift")]

    stock, none = (
        rules_loaded(planned(monitor), prometheus=PrometheusFacts(groups=dict.fromkeys(groups, "")))
        for groups in (names, ())
    )

    sentence = (
        "Prometheus has not loaded modelmonitor.sentiment.ModelLatencyHigh: if that lasts, correct the "
        "expression in spec.alerts.overrides."
    )
    assert told(stock) == ("False", "RulesRejected", sentence)
    assert "ruleSelector and ruleNamespaceSelector must match" in none.message


def test_only_a_change_between_fault_and_none_is_an_event(monitor_with: MakeMonitor) -> None:
    def drift(status: Any, reason: Reason) -> Condition:
        return Condition(type=ConditionType.DRIFT_DETECTED, status=status, reason=reason, message="Why.")

    unknown = drift("Unknown", Reason.NOT_YET_OBSERVED)
    found, none = drift("True", Reason.DATA_DRIFT), drift("False", Reason.NO_DRIFT)

    assert flips((), (unknown,)) == ()
    assert flips((unknown,), (none,)) == ()
    assert flips((none,), (found,)) == (found,)
    assert flips((found,), (drift("True", Reason.SEVERAL_DRIFTS),)) == ()
    assert flips((found,), (none,)) == (none,)

    first, second = (
        event(ObjectKey("ml", "sentiment"), found, uid="u-1", before=(none,), now=now)
        for now in (NOW, NOW + timedelta(hours=1))
    )
    assert first["metadata"] == second["metadata"]
    assert (first["type"], first["reason"], first["note"]) == (
        "Warning",
        "DataDrift",
        "DriftDetected is True: Why.",
    )


def test_a_message_that_is_longer_than_the_api_server_takes_is_cut(monitor_with: MakeMonitor) -> None:
    checks = [{"name": f"c{number}", "type": "data"} for number in range(16)]
    results = [result(check["name"], verdict="Drift", message="x" * 4096) for check in checks]

    condition = drift_detected(states_of(monitor_with(checks=checks), *results))

    assert (condition.status, len(condition.message)) == ("True", 32768)
    assert condition.message.endswith(" … (there is more)")
