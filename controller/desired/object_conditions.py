"""Conditions that follow from objects and their surroundings: Ready, TargetReachable, RulesLoaded."""

from __future__ import annotations

from collections.abc import Sequence

from controller.manifest import PROMETHEUS_RULE, Kind, Outcome, Plan
from controller.observation import PrometheusFacts, TargetFacts
from modelmonitor.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition_of
from modelmonitor.api.v1alpha1 import ModelMonitor

_SHOWN = 3


def ready(monitor: ModelMonitor, plan: Plan, outcome: Outcome) -> Condition:
    """True if every object that the API server can hold is there as it should be."""
    if outcome.failures:
        return _ready("False", Reason.APPLY_FAILED, [str(failed) for failed in outcome.failures])
    sentences = [f"{len(plan.objects)} objects are in place.", *map(_not_served, plan.missing)]
    if monitor.spec.suspend:
        return _ready("True", Reason.SUSPENDED, ["Suspended: no check runs, nothing alerts.", *sentences])
    return _ready("True", Reason.OBJECTS_APPLIED, sentences)


def invalid(sentences: Sequence[str]) -> Condition:
    """Not ready, because the spec cannot be read; what runs goes on as before."""
    return _ready(
        "False", Reason.INVALID_SPEC, [*sentences, "Objects of the last valid spec are left as they are."]
    )


def outdated(fields: Sequence[str]) -> Condition:
    """Not ready, because the CRD in the cluster lacks fields of the status that this operator writes."""
    names = ", ".join(f"status.{field}" for field in fields)
    sentence = (
        f"The CRD in the cluster is older than the operator and lacks {names}, which is not told therefore: "
        "install the CRD of the operator's version (python -m controller crd)."
    )
    return _ready("False", Reason.CRD_OUTDATED, [sentence])


def target_reachable(
    monitor: ModelMonitor, target: TargetFacts, *, prometheus: PrometheusFacts | None
) -> Condition:
    """True if Prometheus reaches all pods of the target; Unknown if Prometheus cannot be asked."""
    if target.asleep is not None:
        return _target("Unknown", Reason.SCALED_TO_ZERO, target.asleep)
    obstacle = _target_obstacle(monitor, target)
    if obstacle is not None:
        return _target("False", Reason.TARGET_NOT_FOUND, obstacle)
    pods = f"{sum(pod.ready for pod in target.pods)} of {len(target.pods)} pods are ready{_split(target)}"
    if prometheus is None:
        unasked = "whether Prometheus reaches them is not known, because the operator has no address of it."
        return _target("Unknown", Reason.NOT_YET_OBSERVED, f"{pods}; {unasked}")
    if prometheus.obstacle is not None:
        return _target("Unknown", Reason.NOT_YET_OBSERVED, f"{pods}. {prometheus.obstacle}")
    reached = f"Prometheus reaches {prometheus.up} of {prometheus.targets} pods that it knows"
    if prometheus.up == 0 or prometheus.up < prometheus.targets:
        return _target("False", Reason.SCRAPE_FAILED, f"{reached}; {pods}. {_scrape_hint(monitor)}")
    stranger = _stranger(monitor, prometheus)
    if stranger is not None:
        return _target("False", Reason.ANOTHER_NAME_LOGGED, stranger)
    return _target("True", Reason.SCRAPE_SUCCEEDED, f"{reached}{_split(target)}.")


def rules_loaded(plan: Plan, *, prometheus: PrometheusFacts | None) -> Condition:
    """True if Prometheus has every rule group without an error; Unknown if it cannot be asked."""
    if PROMETHEUS_RULE in plan.missing:
        return _rules("False", Reason.PROMETHEUS_RULE_CRD_MISSING, _not_served(PROMETHEUS_RULE))
    if prometheus is None:
        unasked = (
            "Whether Prometheus loaded the rules is not known, because the operator has no address of it."
        )
        return _rules("Unknown", Reason.RULES_APPLIED, unasked)
    if prometheus.obstacle is not None:
        return _rules("Unknown", Reason.RULES_APPLIED, prometheus.obstacle)
    wanted = plan.stock_groups | plan.custom_groups
    loaded = prometheus.groups or {}
    if wanted - loaded.keys():
        lacking = ", ".join(sorted(wanted - loaded.keys()))
        hint = _load_hint(only_custom=plan.stock_groups <= loaded.keys())
        return _rules("False", Reason.RULES_REJECTED, f"Prometheus has not loaded {lacking}: {hint}")
    errors = [f"{name}: {loaded[name]}" for name in sorted(wanted) if loaded[name]]
    if errors:
        return _rules("False", Reason.RULES_REJECTED, "; ".join(errors))
    return _rules("True", Reason.RULES_APPLIED, f"Prometheus evaluates all {len(wanted)} rule groups.")


def _target_obstacle(monitor: ModelMonitor, target: TargetFacts) -> str | None:
    if target.obstacle is not None:
        return target.obstacle
    if not target.pods:
        selector = ",".join(f"{key}={value}" for key, value in sorted((target.selector or {}).items()))
        return f"No pod has the labels {selector}."
    port = monitor.spec.target.metrics.known_port
    closed = [pod.name for pod in target.pods if port not in pod.ports]
    if len(closed) == len(target.pods):
        names = ", ".join(closed[:_SHOWN])
        advice = f"declare containerPort {port} or correct spec.target.metrics.port."
        return (
            f"No container of {names} declares port {port}, and Prometheus drops undeclared ports: {advice}"
        )
    return None


def _stranger(monitor: ModelMonitor, prometheus: PrometheusFacts) -> str | None:
    """Why no prediction of the pods will be found, in a sentence; None if they are found."""
    wanted, logged = monitor.model_name, prometheus.deployments
    if monitor.spec.target.capture != "predictor" or not logged or wanted in logged:
        return None
    names = ", ".join(logged)
    return (
        f"The pods log their predictions under the name {names}, and this monitor looks for {wanted}: "
        "set spec.target.modelName to the name that is logged, or leave it out to have it found."
    )


def _split(target: TargetFacts) -> str:
    shares = target.serving.traffic if target.serving is not None else ()
    told = ", ".join(f"{share.percent} % to {share.revision}" for share in shares)
    return f"; traffic goes {told}" if len(shares) > 1 else ""


def _scrape_hint(monitor: ModelMonitor) -> str:
    metrics = monitor.spec.target.metrics
    place = f"{metrics.known_port}{metrics.known_path}"
    return f"See that pods answer on {place} and that its podMonitorSelector matches."


def _load_hint(*, only_custom: bool) -> str:
    if only_custom:
        return "if that lasts, correct the expression in spec.alerts.overrides."
    return "its ruleSelector and ruleNamespaceSelector must match the PrometheusRule."


def _not_served(kind: Kind) -> str:
    return f"{kind.name} ({kind.group}) is not installed; it will be made once its CRD is there."


def _ready(status: ConditionStatus, reason: Reason, sentences: Sequence[str]) -> Condition:
    return condition_of(ConditionType.READY, status, reason, " ".join(sentences))


def _target(status: ConditionStatus, reason: Reason, message: str) -> Condition:
    return condition_of(ConditionType.TARGET_REACHABLE, status, reason, message)


def _rules(status: ConditionStatus, reason: Reason, message: str) -> Condition:
    return condition_of(ConditionType.RULES_LOADED, status, reason, message)
