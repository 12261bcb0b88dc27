"""The trained model in MLflow: one run that explains it, one registered version with an alias."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import mlflow
import mlflow.transformers
import numpy as np
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.numpy_dataset import NumpyDataset, from_numpy
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

from modelmonitor.demo.confusion import draw_confusion
from modelmonitor.demo.data import LABELS, LabelledText
from modelmonitor.demo.evaluate import Quality
from modelmonitor.demo.settings import TrainingSettings
from modelmonitor.demo.train import Step

EXPERIMENT: Final = "sentiment"
MODEL_NAME: Final = "sentiment"
ALIAS: Final = "champion"
CHAMPION_URI: Final = f"models:/{MODEL_NAME}@{ALIAS}"

_DATASET: Final = "movie-reviews"
_DIGEST_CHARACTERS: Final = 16
_DIGEST_TAG: Final = "training_digest"
_PACKAGES: Final = ("torch", "transformers", "tokenizers", "numpy", "scikit-learn", "mlflow")
_SERVING_PACKAGES: Final = ("torch", "transformers")
_SIGNATURE: Final = ModelSignature(
    inputs=Schema([ColSpec(DataType.string)]),
    outputs=Schema([ColSpec(DataType.string, "label"), ColSpec(DataType.double, "score")]),
)
_QUIET: Final = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A finished training, ready to be registered.

    Attributes:
        directory: Hugging Face model directory.
        digest: of texts, settings and sources, from `training_digest`.
        settings: the recipe.
        sources: pinned packages that texts and encoder came from, name to SHA-256.
        training: texts learned from.
        steps: the loss curve.
        quality: on held-out texts.
    """

    directory: Path
    digest: str
    settings: TrainingSettings
    sources: Mapping[str, str]
    training: Sequence[LabelledText]
    steps: Sequence[Step]
    quality: Quality


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A version of the registered model `sentiment`.

    Attributes:
        version: counted from 1 by MLflow.
        run_id: the MLflow run that made it.
        digest: what it was trained on and how, or "" where it was registered by somebody else.
        metrics: the run's last value of each metric, such as `accuracy`.
    """

    version: int
    run_id: str
    digest: str
    metrics: Mapping[str, float]


def register(trained: TrainedModel, *, tracking_uri: str) -> RegisteredModel:
    """Log the training as one run, register its model as a new version, and make that the champion.

    The alias moves last: a reader of `models:/sentiment@champion` sees a complete version or the one before.
    The version's artifacts hold a complete Hugging Face directory under `model/`.
    """
    with _tracking(tracking_uri) as client:
        mlflow.set_experiment(EXPERIMENT)
        with mlflow.start_run(
            run_name="fine-tune", tags=_package_versions(), log_system_metrics=False
        ) as run:
            _log_run(trained, client, run.info.run_id)
            version = _log_model(trained, client, run.info.run_id)
        client.set_registered_model_alias(MODEL_NAME, ALIAS, version)
        return _describe(client, version)


def find_champion(tracking_uri: str) -> RegisteredModel | None:
    """The version that is served, or None when no model has the alias yet."""
    with _tracking(tracking_uri) as client:
        try:
            version = client.get_model_version_by_alias(MODEL_NAME, ALIAS).version
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise
        return _describe(client, version)


def _log_run(trained: TrainedModel, client: mlflow.MlflowClient, run_id: str) -> None:
    mlflow.log_params(
        asdict(trained.settings) | {"training_rows": len(trained.training), "labels": ", ".join(LABELS)}
    )
    client.log_batch(run_id, metrics=_loss_curve(trained.steps))
    mlflow.log_input(_dataset(trained), context="training")
    mlflow.log_dict(
        {"digest": trained.digest, "packages_sha256": dict(trained.sources)}, "training_data.json"
    )
    mlflow.log_figure(draw_confusion(trained.quality, LABELS), "confusion_matrix.png")


def _log_model(trained: TrainedModel, client: mlflow.MlflowClient, run_id: str) -> str:
    info = mlflow.transformers.log_model(
        # A folder rather than a pipeline: it arrives under model/ as it is, tokenizer included.
        transformers_model=str(trained.directory),
        task="text-classification",
        name="model",
        signature=_SIGNATURE,
        pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in _SERVING_PACKAGES],
    )
    mlflow.log_metrics(_quality_metrics(trained), model_id=info.model_id)
    if not client.search_registered_models(f"name = '{MODEL_NAME}'"):
        client.create_registered_model(MODEL_NAME)
    tags = {_DIGEST_TAG: trained.digest}
    made = client.create_model_version(MODEL_NAME, info.model_uri, run_id, tags=tags, model_id=info.model_id)
    # What mlflow.register_model() adds for its pages; that function prints, and a bar is on the screen.
    link = json.dumps([{"name": MODEL_NAME, "version": made.version}])
    client.set_logged_model_tags(info.model_id, {MLFLOW_MODEL_VERSIONS: link})
    return str(made.version)


def _quality_metrics(trained: TrainedModel) -> dict[str, float]:
    quality = trained.quality
    return {
        "accuracy": quality.accuracy,
        "f1": quality.f1,
        "precision": quality.precision,
        "recall": quality.recall,
        "mean_confidence": quality.mean_confidence,
        "held_out_rows": quality.rows,
        "training_seconds": trained.steps[-1].seconds,
    }


def _dataset(trained: TrainedModel) -> NumpyDataset:
    return from_numpy(
        np.array([text.text for text in trained.training]),
        targets=np.array([text.label for text in trained.training]),
        source=CodeDatasetSource({"packages": ", ".join(trained.sources)}),
        name=_DATASET,
        digest=trained.digest[:_DIGEST_CHARACTERS],
    )


def _loss_curve(steps: Sequence[Step]) -> list[Metric]:
    now_ms = int(datetime.now(UTC).timestamp() * 1_000)
    began_ms = now_ms - int(steps[-1].seconds * 1_000)
    return [
        Metric("training_loss", step.loss, timestamp=began_ms + int(step.seconds * 1_000), step=step.number)
        for step in steps
    ]


def _package_versions() -> dict[str, str]:
    return {f"package.{name}": importlib.metadata.version(name) for name in _PACKAGES}


def _describe(client: mlflow.MlflowClient, version: str) -> RegisteredModel:
    found = client.get_model_version(MODEL_NAME, version)
    run_id = found.run_id or ""
    metrics = client.get_run(run_id).data.metrics if run_id else {}
    return RegisteredModel(
        version=int(found.version),
        run_id=run_id,
        digest=found.tags.get(_DIGEST_TAG, ""),
        metrics=dict(metrics),
    )


@contextmanager
def _tracking(uri: str) -> Iterator[mlflow.MlflowClient]:
    # log_model knows only MLflow's global address, so that is set for the while and put back.
    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
    logger = logging.getLogger("mlflow")
    level = logger.level
    with _environment(_QUIET):
        try:
            logger.setLevel(logging.ERROR)
            mlflow.set_tracking_uri(uri)
            yield mlflow.MlflowClient(uri)
        finally:
            logger.setLevel(level)
            mlflow.set_tracking_uri(before)  # type: ignore[arg-type] # None means: as if never set


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
