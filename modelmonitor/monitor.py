"""The Python interface: build a reference from labelled texts, run drift detection, read the results."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from modelmonitor.api.v1alpha1 import API_VERSION, KIND, ModelMonitor
from modelmonitor.job.database import database
from modelmonitor.job.datasets import DATASETS, installed_dataset, read_dataset
from modelmonitor.job.errors import JobError
from modelmonitor.job.plan import RunPlan, plan_run
from modelmonitor.job.reference import reference_sample
from modelmonitor.job.references.sources import Sources
from modelmonitor.job.results import score
from modelmonitor.job.run import Options, Run, run
from modelmonitor.job.scoring import score_texts
from modelmonitor.report.check import CheckReport, VerdictReport
from modelmonitor.store.datasets import LabelledText, digest_of_texts
from modelmonitor.store.references import NEXT_VERSION, Reference, save_reference

DatasetLoader = Callable[[str], Sequence[LabelledText]]
ALIASES: Final[Mapping[str, str]] = MappingProxyType({"imdb": "movie-reviews"})


class UnknownDataset(JobError):
    """No data set of this name: choose one of those listed, or add it to the settings."""


class DriftMonitorConfig(BaseSettings):
    """Settings of a DriftMonitor: arguments first, then environment variables with the prefix MM_."""

    model_config = SettingsConfigDict(env_prefix="MM_", frozen=True, protected_namespaces=())

    database_url: SecretStr = Field(description="PostgreSQL: postgresql://user:password@host:port/database.")
    predictor_url: str = Field(
        default="http://127.0.0.1:8080", description="The predictor that is monitored."
    )
    score_token: SecretStr = Field(
        default=SecretStr(""), description="MM_SERVER_SCORE_TOKEN of the predictor."
    )
    mlflow_tracking_uri: str | None = Field(default=None, description="MLflow; left out, no run is logged.")
    model_name: str = Field(default="sentiment", description="Name of the model in the prediction log.")
    monitor: ModelMonitor | None = Field(
        default=None, description="What to check; by default all three kinds."
    )
    datasets: Mapping[str, Path] = Field(
        default_factory=dict,
        description="Data sets by name: CSV or NDJSON files with columns text and label.",
    )
    report_dir: Path | None = Field(default=None, description="Directory for reports as HTML and JSON.")


@dataclass(frozen=True, slots=True)
class DriftResult:
    """What one check found.

    Attributes:
        drift_type: "Data", "Concept" or "Performance", as the guide prints it.
        is_drift_detected: whether the verdict is Drift.
        drift_score: effect size of the deciding test, 0 (none) to 1; 0 where no test could run.
        p_value: of the deciding test; None where no test could run.
        verdict: as text NoDrift, Drift(critical), Drift(warning) or Inconclusive(reason).
        explanation: the verdict in sentences.
    """

    drift_type: str
    is_drift_detected: bool
    drift_score: float
    p_value: float | None
    verdict: VerdictReport
    explanation: str


class DriftMonitor:
    """Builds references and runs drift detection on the predictions in PostgreSQL."""

    def __init__(self, config: DriftMonitorConfig, *, dataset_loader: DatasetLoader | None = None) -> None:
        """Use these settings; nothing is connected yet.

        Args:
            config: where database, predictor and data sets are.
            dataset_loader: gives the labelled texts of a name that `config.datasets` lacks; raises KeyError
                for names that it does not know either. By default the data sets that installed packages
                name in the entry point group `modelmonitor.datasets`, the demo's movie-reviews among them.
        """
        self._config = config
        self._loader = dataset_loader or installed_dataset
        self._dataset: str | None = None

    def initialize_reference_data(self, dataset_name: str) -> Reference:
        """Score a data set through the predictor and save it as the next version of the reference.

        Args:
            dataset_name: a name of `config.datasets` or of the loader; "imdb" also means "movie-reviews".

        Raises:
            UnknownDataset: the message lists the names that are known.
            UnreadableDataset: its file is missing or malformed.
            PredictorUnreachable: the predictor does not answer.
            PredictorRefused: it answers, but does not score; the message says what to change.
            DatabaseUnreachable: no connection to PostgreSQL.
        """
        name, rows = self._labelled_texts(dataset_name)
        scores = score_texts(
            [text for text, _ in rows],
            predictor_url=self._config.predictor_url,
            token=self._config.score_token.get_secret_value(),
        )
        now = datetime.now(UTC)
        built = Reference(
            name=name,
            version=NEXT_VERSION,
            model_name=self._monitor.model_name,
            model_version=scores.model_version,
            created_at=now,
            origin=f"data set {name} scored by {scores.model_name} {scores.model_version}",
            sample=reference_sample(rows, scores, privacy=self._monitor.spec.privacy.input, now=now),
            source={"kind": "dataset", "sha256": digest_of_texts(rows)},
        )
        with database(self._config.database_url.get_secret_value()) as conn:
            saved = save_reference(conn, built)
        self._dataset = name
        return saved

    def run_drift_detection(self, deployment_id: str, hours_lookback: float = 24) -> list[DriftResult]:
        """Judge the predictions of the last hours; one result for each check.

        Results also go to `drift_results`, and to MLflow and the report directory if they are set.

        Args:
            deployment_id: whose predictions.
            hours_lookback: length of the window up to now, in hours, greater than 0.

        Raises:
            ValueError: the window has no length.
            DatabaseUnreachable: no connection to PostgreSQL.
            DetectionError: a detector's package is missing.
        """
        finished = self.run(deployment_id, hours_lookback=hours_lookback)
        return [_result(check) for check in finished.report.checks]

    def run(self, deployment_id: str, *, hours_lookback: float = 24, now: datetime | None = None) -> Run:
        """As `run_drift_detection`, but with the whole report and where it was published.

        Args:
            deployment_id: whose predictions.
            hours_lookback: length of the window up to `now`, in hours, greater than 0.
            now: end of the window; the present if left out.
        """
        if not hours_lookback > 0:
            msg = f"hours_lookback must be greater than 0, got {hours_lookback}"
            raise ValueError(msg)
        return run(
            _over(plan_run(self._monitor, deployment_id=deployment_id), timedelta(hours=hours_lookback)),
            database_url=self._config.database_url.get_secret_value(),
            options=Options(
                now=now or datetime.now(UTC),
                mlflow_tracking_uri=self._config.mlflow_tracking_uri,
                report_dir=self._config.report_dir,
                sources=Sources(
                    predictor_url=self._config.predictor_url,
                    score_token=self._config.score_token.get_secret_value(),
                    mlflow_tracking_uri=self._config.mlflow_tracking_uri,
                    datasets=self._texts,
                ),
            ),
        )

    def _labelled_texts(self, dataset_name: str) -> tuple[str, Sequence[LabelledText]]:
        name = (
            dataset_name if dataset_name in self._config.datasets else ALIASES.get(dataset_name, dataset_name)
        )
        try:
            return name, self._texts(name)
        except KeyError:
            known = sorted({*self._config.datasets, *entry_points(group=DATASETS).names})
            raise UnknownDataset(
                f"{dataset_name!r} is not a known data set (known: {', '.join(known)}): "
                "add its file to the datasets of the settings."
            ) from None

    def _texts(self, name: str) -> Sequence[LabelledText]:
        if name in self._config.datasets:
            return read_dataset(self._config.datasets[name])
        return self._loader(name)

    @property
    def _monitor(self) -> ModelMonitor:
        dataset = self._dataset or ALIASES["imdb"]
        return self._config.monitor or default_monitor(self._config.model_name, dataset=dataset)


def default_monitor(model_name: str, *, dataset: str) -> ModelMonitor:
    """The monitor of the three-line spec: the checks, budget and thresholds of the guide."""
    # Kubernetes allows fewer characters in names of objects than models have.
    name = re.sub(r"[^a-z0-9]+", "-", model_name.lower()).strip("-")[:40].strip("-") or "model"
    return ModelMonitor.model_validate(
        {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": name},
            "spec": {
                "target": {"podSelector": {"matchLabels": {"app": name}}, "modelName": model_name},
                "reference": {"dataset": dataset},
            },
        }
    )


def _over(plan: RunPlan, lookback: timedelta) -> RunPlan:
    return replace(plan, checks=tuple(replace(check, lookback=lookback) for check in plan.checks))


def _result(check: CheckReport) -> DriftResult:
    finding = check.leading
    return DriftResult(
        drift_type=check.type.capitalize(),
        is_drift_detected=check.verdict.outcome == "Drift",
        drift_score=score(finding),
        p_value=finding.p_value if finding else None,
        verdict=check.verdict,
        explanation=check.sentence,
    )
