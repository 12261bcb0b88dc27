"""What is said of a monitor when somebody applies it: why it is refused, and what is risky about it.

Only what the CRD's own rules cannot say. Facts from outside are arguments; one that could not be had is None
and leads to no sentence, because a webhook that guesses is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Final
from zoneinfo import available_timezones

from controller.desired.detector_parameters import parameter_problems
from modelmonitor.api.checks import Check
from modelmonitor.api.durations import parse_duration, parse_time
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.groups import alert_names, monitor_alerts

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was seen around a monitor; None where it could not be.

    Attributes:
        datasets: data sets known by name or in use by a monitor.
        model_in_mlflow: whether the registered model has the alias of spec.reference.mlflow.
        training_there: whether the CronJob of spec.retrain.job is there.
        predictions_a_day: predictions of the last day, for a monitor that exists.
        unreadable: what Prometheus says of expressions that it cannot read, by alert.
    """

    datasets: frozenset[str] | None = None
    model_in_mlflow: bool | None = None
    training_there: bool | None = None
    predictions_a_day: float | None = None
    unreadable: Mapping[str, str] | None = None


def refusals(monitor: ModelMonitor, seen: Surroundings) -> tuple[str, ...]:
    """Why a monitor is refused, each a sentence with field and fix; none for one that is taken."""
    return (
        *_of_checks(monitor),
        *_of_alerts(monitor),
        *_of_expressions(monitor, seen),
        *_of_time_zones(monitor),
        *_of_model(monitor, seen),
    )


def warnings(monitor: ModelMonitor, seen: Surroundings, *, now: datetime) -> tuple[str, ...]:
    """What is risky about a monitor that is taken, each a sentence.

    Args:
        monitor: the monitor.
        seen: what is around it.
        now: the present, UTC.
    """
    return (
        *_licence(monitor),
        *_idle_overrides(monitor),
        *_traffic(monitor, seen),
        *_reference(monitor, seen, now=now),
        *_training(monitor, seen),
    )


def _of_checks(monitor: ModelMonitor) -> Iterator[str]:
    for number, check in enumerate(monitor.spec.checks):
        for problem in parameter_problems(check.chosen_detector):
            yield f"spec.checks[{number}].detector.params: {problem}."


def _of_alerts(monitor: ModelMonitor) -> Iterator[str]:
    alerts = monitor.spec.alerts
    written = {"disabled": alerts.disabled, "overrides": tuple(each.alert for each in alerts.overrides)}
    known = alert_names()
    for field, names in written.items():
        for name in names:
            if name not in known:
                nearest = get_close_matches(name, known, n=1, cutoff=0.5)
                hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known)}."
                yield f"spec.alerts.{field}: no alert is called {name}; {hint}"


def _of_expressions(monitor: ModelMonitor, seen: Surroundings) -> Iterator[str]:
    for number, override in enumerate(monitor.spec.alerts.overrides):
        said = (seen.unreadable or {}).get(override.alert)
        if said is not None:
            yield (
                f"spec.alerts.overrides[{number}].expr: Prometheus cannot read the expression for "
                f"{override.alert} ({said}); correct it, or leave expr out for the alert's own."
            )


def _of_time_zones(monitor: ModelMonitor) -> Iterator[str]:
    zones = {f"checks[{number}]": check.time_zone for number, check in enumerate(monitor.spec.checks)}
    known = available_timezones()
    for field, zone in {**zones, "report": monitor.spec.report.time_zone}.items():
        if zone not in known:
            yield f"spec.{field}.timeZone: {zone} is not in the IANA database; write such as Europe/Berlin."


def _of_model(monitor: ModelMonitor, seen: Surroundings) -> Iterator[str]:
    wanted = monitor.spec.reference.mlflow
    if wanted is not None and seen.model_in_mlflow is False:
        yield (
            f"spec.reference.mlflow: MLflow has no registered model {wanted.registered_model} with the alias "
            f"{wanted.alias}; register it first, or correct the name."
        )


def _licence(monitor: ModelMonitor) -> Iterator[str]:
    backends = {
        check.name for check in monitor.spec.checks if check.chosen_detector.chosen_backend == "alibi-detect"
    }
    if backends:
        yield (
            f"Checks {', '.join(sorted(backends))} use alibi-detect, whose licence allows non-production use "
            "only; detector.backend: native has no such limit."
        )


def _idle_overrides(monitor: ModelMonitor) -> Iterator[str]:
    made = {rule.alert for rule in monitor_alerts(monitor)}
    for number, override in enumerate(monitor.spec.alerts.overrides):
        if override.alert not in made:
            yield (
                f"spec.alerts.overrides[{number}]: this monitor has no {override.alert} (disabled, without "
                "alerts.minAccuracy, or the operator's own), so nothing changes."
            )


def _traffic(monitor: ModelMonitor, seen: Surroundings) -> Iterator[str]:
    if seen.predictions_a_day is None:
        return
    for number, check in enumerate(monitor.spec.checks):
        expected = seen.predictions_a_day * (parse_duration(check.window.lookback) / _DAY)
        if expected < check.window.min_rows:
            yield (
                f"spec.checks[{number}].window: at the traffic of the last day {check.window.lookback} hold "
                f"{expected:.0f} predictions of the {check.window.min_rows} needed (minRows); "
                f"{_longer(check, seen)}"
            )


def _longer(check: Check, seen: Surroundings) -> str:
    if not seen.predictions_a_day:
        return "every run will be inconclusive."
    days = -(-check.window.min_rows // seen.predictions_a_day)
    return f"lookback: {days:.0f}d would do."


def _reference(monitor: ModelMonitor, seen: Surroundings, *, now: datetime) -> Iterator[str]:
    reference = monitor.spec.reference
    if reference.dataset is not None and seen.datasets is not None and reference.dataset not in seen.datasets:
        yield (
            f"spec.reference.dataset: no monitor uses {reference.dataset} yet and it is not known by name; "
            "until it is stored every run is inconclusive."
        )
    if reference.window is not None:
        if parse_time(reference.window.to) > now:
            yield "spec.reference.window ends in the future: until then it grows with every run."
        if parse_time(reference.window.from_) < now - parse_duration(monitor.spec.retention):
            yield "spec.reference.window begins before spec.retention: those predictions are deleted."


def _training(monitor: ModelMonitor, seen: Surroundings) -> Iterator[str]:
    retrain = monitor.spec.retrain
    if retrain.job is not None and seen.training_there is False:
        yield f"spec.retrain.job.cronJob: there is no CronJob {retrain.job.cron_job} in this namespace yet."
    if retrain.action != "none" and retrain.approval == "automatic":
        yield "spec.retrain.approval: automatic starts trainings that no person has agreed to."
