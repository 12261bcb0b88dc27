"""What a spec leaves open about its target, found: the model's name in the log, and where its metrics are.

What was found once is kept while nothing newer is known: a model that sleeps, or a Prometheus that is away,
changes no object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from controller.observation import MetricsHint, PodFact, PrometheusFacts, TargetFacts
from modelmonitor.api.status import TargetStatus
from modelmonitor.api.target import METRICS_PORT, Target
from modelmonitor.api.v1alpha1 import ModelMonitor

_WORD = 256


def discover(
    monitor: ModelMonitor,
    target: TargetFacts,
    *,
    prometheus: PrometheusFacts | None,
    before: TargetStatus | None,
) -> TargetStatus:
    """The target with nothing left open: as the spec says, else as seen, else as it was, else as usual.

    Args:
        monitor: the monitor.
        target: what is known of its target.
        prometheus: what Prometheus says of it; None if it is not asked.
        before: what was found the last time.
    """
    subject = _object(monitor.spec.target)
    known = before if before is not None and before.object == subject else None
    place = _metrics(monitor.spec.target, target.pods, known)
    return TargetStatus(
        object=subject,
        model_name=_model_name(monitor.spec.target, prometheus, known),
        metrics_port=place.port,
        metrics_path=place.path,
    )


def completed(monitor: ModelMonitor, found: TargetStatus) -> ModelMonitor:
    """The monitor with what was found written into its spec, as the objects made of it need it."""
    target = monitor.spec.target
    place = target.metrics.model_copy(update={"port": found.metrics_port, "path": found.metrics_path})
    whole = target.model_copy(update={"model_name": found.model_name, "metrics": place})
    return monitor.model_copy(update={"spec": monitor.spec.model_copy(update={"target": whole})})


def _object(target: Target) -> str:
    if target.inference_service is not None:
        return f"InferenceService/{target.inference_service}"
    if target.service is not None:
        return f"Service/{target.service}"
    labels = target.pod_selector.match_labels if target.pod_selector is not None else {}
    return f"pods {','.join(f'{key}={value}' for key, value in sorted(labels.items()))}"[:_WORD]


def _model_name(target: Target, prometheus: PrometheusFacts | None, known: TargetStatus | None) -> str:
    if target.model_name is not None:
        return target.model_name
    usual = target.name if known is None else known.model_name
    seen = () if prometheus is None or target.capture != "predictor" else prometheus.deployments
    # Two names are a roll-out in progress: the one that was watched until now stays as long as it is there.
    return seen[0] if len(seen) == 1 else usual


def _metrics(target: Target, pods: Sequence[PodFact], known: TargetStatus | None) -> MetricsHint:
    said = target.metrics
    if said.port is not None:
        return MetricsHint(said.port, said.known_path)
    places = Counter(_place(pod) for pod in sorted(pods, key=lambda pod: (not pod.ready, pod.name)))
    if places:
        seen = places.most_common(1)[0][0]
        return MetricsHint(seen.port, said.path or seen.path or said.known_path)
    if known is not None:
        return MetricsHint(known.metrics_port, said.path or known.metrics_path)
    return MetricsHint(said.known_port, said.known_path)


def _place(pod: PodFact) -> MetricsHint:
    return next(_candidates(pod), MetricsHint(METRICS_PORT))


def _candidates(pod: PodFact) -> Iterator[MetricsHint]:
    # A mesh annotates pods with a port of its own, which no container declares and no scrape would reach.
    yield from (hint for hint in pod.hints if hint.port in pod.ports)
    if METRICS_PORT not in pod.ports and len(pod.ports) == 1:
        yield from map(MetricsHint, pod.ports)
