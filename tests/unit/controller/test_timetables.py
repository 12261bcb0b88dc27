"""From when on a result of a check can be expected: nobody waits for a run that could not be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.desired.runs import CheckState, check_states
from controller.desired.timetables import timetables
from controller.observation import Observation, TargetFacts
from modelmonitor.api.status import CheckStatus, ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=90)
DATA = {"name": "data", "type": "data", "schedule": "0 2 * * *"}
MakeMonitor = Callable[..., ModelMonitor]
Generation = Callable[..., ModelMonitor]


@pytest.fixture
def generation(monitor_with: MakeMonitor) -> Generation:
    """The monitor as of one generation of its spec."""

    def make(number: int, *checks: dict[str, Any], suspend: bool = False) -> ModelMonitor:
        monitor = monitor_with(checks=list(checks), suspend=suspend)
        metadata = monitor.metadata.model_copy(update={"generation": number, "creation_timestamp": LONG_AGO})
        return monitor.model_copy(update={"metadata": metadata})

    return make


def looked_at(
    monitor: ModelMonitor, before: ModelMonitorStatus | None = None, *, at: datetime = LONG_AGO
) -> ModelMonitorStatus:
    """The status that the operator leaves behind."""
    status = before or ModelMonitorStatus()
    changes = {
        "observed_generation": monitor.metadata.generation,
        "timetables": timetables(monitor, status, now=at),
    }
    return status.model_copy(update=changes)


def with_result(status: ModelMonitorStatus, **age: float) -> ModelMonitorStatus:
    result = CheckStatus(name="data", type="data", verdict="NoDrift", last_run_time=NOW - timedelta(**age))
    return status.model_copy(update={"checks": (result,)})


def states_of(
    monitor: ModelMonitor, before: ModelMonitorStatus, *, at: datetime = NOW
) -> dict[str, CheckState]:
    states = check_states(monitor, before, observation=Observation(TargetFacts({})), now=at)
    return {state.check.name: state for state in states}


def test_a_check_that_is_added_is_waited_for_from_then_on(generation: Generation) -> None:
    weekly = {"name": "weekly", "type": "concept", "schedule": "0 3 * * 0"}
    before = with_result(looked_at(generation(1, DATA)), hours=1)

    added = states_of(generation(2, DATA, weekly), before)["weekly"]

    assert (added.stale, added.waiting_since) == (False, NOW)
    assert added.stale_at == NOW + timedelta(days=14, minutes=10)


def test_a_monitor_that_is_resumed_is_waited_for_from_then_on(generation: Generation) -> None:
    ran = with_result(looked_at(generation(1, DATA)), days=30)
    suspended = looked_at(generation(2, DATA, suspend=True), ran, at=NOW - timedelta(days=29))
    resumed = generation(3, DATA)

    at_once = states_of(resumed, suspended)["data"]
    in_vain = states_of(
        resumed, looked_at(resumed, suspended, at=NOW), at=NOW + timedelta(days=2, minutes=11)
    )["data"]

    assert (at_once.stale, at_once.waiting_since) == (False, NOW)
    assert (in_vain.stale, in_vain.waiting_since) == (True, NOW)


@pytest.mark.parametrize(
    "change", [{"type": "concept"}, {"schedule": "0 4 * * *"}, {"timeZone": "Europe/Berlin"}]
)
def test_a_check_that_changes_is_waited_for_from_then_on(
    generation: Generation, change: dict[str, str]
) -> None:
    before = with_result(looked_at(generation(1, DATA)), days=30)

    changed = states_of(generation(2, {**DATA, **change}), before)["data"]

    assert (changed.stale, changed.waiting_since) == (False, NOW)


def test_a_change_of_something_else_ends_no_waiting(generation: Generation) -> None:
    before = looked_at(generation(1, DATA))
    other = generation(2, {**DATA, "window": {"minRows": 300}})

    state = states_of(other, looked_at(other, before, at=NOW))["data"]

    assert (state.stale, state.waiting_since) == (True, LONG_AGO)


def test_a_result_counts_where_it_is_newer_than_the_timetable(generation: Generation) -> None:
    monitor = generation(1, DATA)

    state = states_of(monitor, with_result(looked_at(monitor), hours=1))["data"]

    assert state.waiting_since == NOW - timedelta(hours=1)


def test_a_suspended_monitor_waits_for_nothing(generation: Generation) -> None:
    monitor = generation(2, DATA, suspend=True)

    state = states_of(monitor, with_result(looked_at(generation(1, DATA)), days=30))["data"]

    assert (state.stale, state.stale_at) == (False, None)


def test_what_was_overdue_stays_so_with_an_operator_that_learns_to_keep_timetables(
    generation: Generation,
) -> None:
    of_before = ModelMonitorStatus(observed_generation=1)

    assert states_of(generation(1, DATA), of_before)["data"].stale
    assert not states_of(generation(2, DATA), of_before)["data"].stale


def test_an_old_result_of_a_monitor_that_is_resumed_is_no_green_and_no_evidence(
    generation: Generation,
) -> None:
    ran = with_result(looked_at(generation(1, DATA)), days=30)
    suspended = looked_at(generation(2, DATA, suspend=True), ran)

    state = states_of(generation(3, DATA), suspended)["data"]

    assert (state.trouble, state.concluded) == (None, False)
    assert state.doubt == "The last result of data is of 2026-10-21T03:00:00Z; the next is awaited."
