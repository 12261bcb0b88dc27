"""What is monitored: a KServe InferenceService, or anything that exposes the metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from modelmonitor.api.base import ApiModel, Rule, exactly_one
from modelmonitor.api.containers import KeysMatching
from modelmonitor.api.durations import Duration
from modelmonitor.api.names import HttpPath, HttpUrl, LabelText, ModelName, ObjectName, SecretKeyName
from modelmonitor.api.quantities import Port
from modelmonitor.api.secrets import SecretKey

METRICS_PORT: Final = 8080
METRICS_PATH: Final = "/metrics"
_LONGEST_NAME: Final = 253

Capture = Literal["predictor", "logger", "none"]

LabelMap = Annotated[
    Mapping[str, LabelText],
    KeysMatching(
        pattern=r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
        message="a label's key is a name with an optional prefix, such as 'app' or 'example.com/team'",
    ),
]


class PodSelector(ApiModel):
    """Pods chosen by their labels."""

    match_labels: LabelMap
    """Labels that a pod must carry, all of them."""

    rules: ClassVar = (
        Rule(
            message="podSelector.matchLabels needs at least one label, else every pod of "
            "the namespace matches",
            cel="size(self.matchLabels) > 0",
            holds=lambda selector: len(selector.match_labels) > 0,
        ),
    )


class MetricsEndpoint(ApiModel):
    """Where Prometheus reads the metrics of a pod."""

    port: Port | None = None
    """Port of the pod, not of its Service: behind a KServe logger the Service leads to the agent. Left out:
    the port that the pods name in their annotations or call `metrics`, else 8080, else the only one."""

    path: HttpPath | None = None
    """Path of the metrics. Left out: the path that the pods name in their annotations, else /metrics."""

    interval: Duration = "15s"
    """How often Prometheus reads them."""

    @property
    def known_port(self) -> int:
        """The port, or the usual one where the spec leaves it to the pods."""
        return self.port or METRICS_PORT

    @property
    def known_path(self) -> str:
        """The path, or the usual one where the spec leaves it to the pods."""
        return self.path or METRICS_PATH


class ScoreToken(SecretKey):
    """The bearer token of the predictor's `POST /reference/score`."""

    key: SecretKeyName = "token"
    """Key in its data."""


class Scoring(ApiModel):
    """How drift jobs reach the model itself, to have it score the texts of a reference."""

    url: HttpUrl | None = None
    """Address of our predictor. Left out: of an InferenceService `http://NAME-predictor.NAMESPACE.svc`, of a
    Service `http://NAME.NAMESPACE.svc:PORT` with `metrics.port`; a `podSelector` has none."""

    token_secret: ScoreToken | None = None
    """Secret with the predictor's MM_SERVER_SCORE_TOKEN. Left out: Secret `NAME-score-token`, key `token`,
    with the name of the InferenceService or Service, if it is there."""


class Target(ApiModel):
    """The model that is monitored. Give exactly one of `inferenceService`, `service` and `podSelector`."""

    inference_service: ObjectName | None = None
    """Name of a KServe InferenceService in the namespace of the monitor."""

    service: ObjectName | None = None
    """Name of a Service in the namespace of the monitor whose pods expose the metrics."""

    pod_selector: PodSelector | None = None
    """Labels of the pods that expose the metrics."""

    model_name: ModelName | None = None
    """Name of the model in the prediction log. Left out: the name that the pods report, else that of the
    InferenceService or Service."""

    model_version: ModelName | None = None
    """Version to watch; if left out, the version that the predictor reports, also when it changes."""

    capture: Capture = "predictor"
    """Who writes the prediction log: `predictor` (ours logs by itself), `logger` (the operator sets KServe's
    logger of the InferenceService to send them to the collector, if it has none yet, and takes it back
    afterwards) or `none` (something else fills the table)."""

    metrics: MetricsEndpoint = MetricsEndpoint()
    """Where the metrics are."""

    scoring: Scoring = Scoring()
    """How drift jobs have the model score the texts of a reference."""

    rules: ClassVar = (
        exactly_one(
            "inferenceService",
            "service",
            "podSelector",
            attributes=("inference_service", "service", "pod_selector"),
            message="target needs exactly one of inferenceService, service and podSelector",
        ),
        Rule(
            message="target.podSelector needs modelName beside it, because labels do not name a model",
            cel="!has(self.podSelector) || has(self.modelName)",
            holds=lambda target: target.pod_selector is None or target.model_name is not None,
        ),
        Rule(
            message="target.capture: logger needs inferenceService, because only KServe has a logger",
            cel="self.capture != 'logger' || has(self.inferenceService)",
            holds=lambda target: target.capture != "logger" or target.inference_service is not None,
        ),
    )

    @property
    def name(self) -> str:
        """Name of the model in the prediction log."""
        return self.model_name or self.inference_service or self.service or ""

    @property
    def score_token(self) -> ScoreToken | None:
        """Where the score token is; None for pods that no object names."""
        if self.scoring.token_secret is not None:
            return self.scoring.token_secret
        name = self.inference_service or self.service
        return None if name is None else ScoreToken(secret_name=f"{name}-score-token"[:_LONGEST_NAME])

    def score_url(self, namespace: str) -> str | None:
        """Address of the model for those in the cluster; None for pods that no Service leads to."""
        if self.scoring.url is not None:
            return self.scoring.url
        if self.inference_service is not None:
            return f"http://{self.inference_service}-predictor.{namespace}.svc"
        return (
            None
            if self.service is None
            else f"http://{self.service}.{namespace}.svc:{self.metrics.known_port}"
        )
