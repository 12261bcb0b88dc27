"""A plan that is kept between two looks says the same as one that is made anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controller.desired.defaults import Defaults
from controller.desired.plan import plan
from controller.manifest import CHILD_KINDS, Capabilities, Plan
from controller.reconcile import Plans
from modelmonitor.api.v1alpha1 import ModelMonitor

MakeMonitor = Callable[..., ModelMonitor]
EVERYTHING = Capabilities(frozenset(CHILD_KINDS))
PODS = {"app": "sentiment"}
DEFAULTS = Defaults(job_image="job")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """Every plan that is made."""
    plans: list[Plan] = []

    def making(*args: Any, **kwargs: Any) -> Plan:
        plans.append(plan(*args, **kwargs))
        return plans[-1]

    monkeypatch.setattr("controller.reconcile.plans.plan", making)
    return plans


def said(planned: Plan) -> list[Any]:
    return [(each.kind, each.name, each.check, each.digest) for each in planned.objects]


def test_it_is_made_once_and_says_the_same(monitor_with: MakeMonitor, made: list[Plan]) -> None:
    plans = Plans(DEFAULTS)
    planned = [plans.of(monitor_with(), pods=PODS, capabilities=EVERYTHING) for _ in range(3)]

    assert len(made) == 1
    for each in planned:
        assert said(each) == said(made[0])
        assert (each.stock_groups, each.missing) == (made[0].stock_groups, made[0].missing)


def test_contents_are_made_when_somebody_asks_for_them(monitor_with: MakeMonitor, made: list[Plan]) -> None:
    plans = Plans(DEFAULTS)
    plans.of(monitor_with(), pods=PODS, capabilities=EVERYTHING)

    again = plans.of(monitor_with(), pods=PODS, capabilities=EVERYTHING)

    assert [each.manifest for each in again.objects] == [each.manifest for each in made[0].objects]
    assert len(made) == 2, "for all of its objects at once"


@pytest.mark.parametrize(
    "other",
    [
        {"spec": {"suspend": True}},
        {"pods": {"app": "other"}},
        {"pods": None},
        {"capabilities": Capabilities(frozenset())},
    ],
    ids=str,
)
def test_it_is_made_anew_where_something_that_it_rests_on_changed(
    monitor_with: MakeMonitor, made: list[Plan], other: dict[str, Any]
) -> None:
    plans = Plans(DEFAULTS)
    plans.of(monitor_with(), pods=PODS, capabilities=EVERYTHING)

    around = {"pods": PODS, "capabilities": EVERYTHING, **other}
    planned = plans.of(monitor_with(**around.pop("spec", {})), **around)

    assert len(made) == 2
    assert said(planned) == said(made[1]) != said(made[0])


def test_nothing_is_kept_of_a_monitor_that_is_gone(monitor_with: MakeMonitor, made: list[Plan]) -> None:
    plans = Plans(DEFAULTS)
    plans.of(monitor_with(), pods=PODS, capabilities=EVERYTHING)

    plans.forget("ml", "sentiment")

    assert plans._known == {}
