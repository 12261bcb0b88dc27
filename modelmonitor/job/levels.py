"""The level of every test of a monitor, from its budget of false alarms and the schedules of its checks."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from modelmonitor.api.checks import Check, Detector
from modelmonitor.api.durations import parse_duration
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.decide.budget import Load, levels
from modelmonitor.decide.scales import scales
from modelmonitor.job.schedule import mean_interval

TEXT_TEST: Final = Detector(name="tfidf-similarity", backend="native")


def tests_of(check: Check) -> tuple[Detector, ...]:
    """The detectors of a check; a data check adds one on words, which sees what encoders blur."""
    chosen = check.chosen_detector
    return (chosen, TEXT_TEST) if check.type == "data" and chosen.name != TEXT_TEST.name else (chosen,)


def levels_of(monitor: ModelMonitor) -> dict[str, float]:
    """Level of each test of each check, so that all checks together keep the budget of false alarms."""
    per = parse_duration(monitor.spec.false_alarms.per)
    return levels(
        max_false_alarms=monitor.spec.false_alarms.max,
        per=per,
        loads={check.name: _load(check, per=per) for check in monitor.spec.checks},
    )


def _load(check: Check, *, per: timedelta) -> Load:
    tests = len(tests_of(check)) * parts_of(check, per=per)
    return Load(mean_interval(check.schedule, per=per), tests=tests)


def parts_of(check: Check, *, per: timedelta) -> int:
    """How many parts of its window a check tests.

    Args:
        check: of the monitor.
        per: the budget's period, which the mean time between runs is counted in.
    """
    interval = mean_interval(check.schedule, per=per)
    return len(scales(parse_duration(check.window.lookback), interval=interval))
