"""A reference that was stored in MLflow with the model: texts, or rows that its version scored already."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelmonitor.api.reference import MlflowReference
from modelmonitor.job.datasets import labelled, read_rows
from modelmonitor.job.plan import RunPlan
from modelmonitor.job.reference import reference_sample
from modelmonitor.job.references.scored_table import scored_sample
from modelmonitor.job.references.served import score
from modelmonitor.job.references.sources import ReferenceNotBuilt, Sources
from modelmonitor.job.tracking import TrackingUnreachable, client_class, first_line, place
from modelmonitor.store.references import NEXT_VERSION, Reference

if TYPE_CHECKING:
    from mlflow import MlflowClient


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of a registered model.

    Attributes:
        name: of the model.
        version: its number.
        run_id: the run that made it, whose artifacts hold the sample.
        artifact: path of the sample among them.
    """

    name: str
    version: str
    run_id: str
    artifact: str

    def source(self) -> dict[str, object]:
        """What is recorded of it, as JSON types."""
        return {"kind": "mlflow", "model": self.name, "version": self.version, "artifact": self.artifact}

    def made(self, reference: Reference) -> bool:
        """Whether a stored reference was built of this sample."""
        return self.source().items() <= reference.source.items()


def registered(spec: MlflowReference, sources: Sources) -> Registered:
    """The version that the spec means now.

    Raises:
        ReferenceNotBuilt: MLflow is not named, does not answer, or has no such version.
    """
    with _mlflow(sources) as client:
        if spec.version is None:
            found = client.get_model_version_by_alias(spec.registered_model, spec.alias)
        else:
            found = client.get_model_version(spec.registered_model, spec.version)
    return Registered(spec.registered_model, str(found.version), str(found.run_id or ""), spec.artifact)


def mlflow_reference(
    plan: RunPlan, sample: Registered, *, wanted: str | None, sources: Sources, now: datetime
) -> Reference:
    """A reference of the sample of a registered version, not saved yet.

    Args:
        plan: whose model.
        sample: of `registered`.
        wanted: the version that is served; None where nobody knows.
        sources: where MLflow is, and whom to ask for scores.
        now: becomes the time of the reference.

    Raises:
        ReferenceNotBuilt: the artifact is not there or cannot be used, or another version is served.
        UnreadableDataset: it is no table with texts.
        UnknownLabel: a label is none of the model's classes.
        PredictorUnreachable: texts must be scored, and the predictor does not answer.
        PredictorRefused: it answers, but does not score.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = _download(sample, sources, Path(folder))
        rows, digest = read_rows(path), hashlib.sha256(path.read_bytes()).hexdigest()
        texts = [labelled(row, path, line) for line, row in rows]
    found = scored_sample(rows, texts, source=sample.artifact, privacy=plan.privacy, now=now)
    version, how = sample.version, "scored by it"
    if found is None:
        scores = score([text for text, _ in texts], plan, sources)
        version, how = scores.model_version, f"scored by {scores.model_name} {scores.model_version}"
        found = reference_sample(texts, scores, privacy=plan.privacy, now=now)
    if wanted not in (None, version):
        raise ReferenceNotBuilt(
            f"The sample of {sample.name} {sample.version} in MLflow is of version {version}, but version "
            f"{wanted} is served: serve the version that the alias names, or move the alias."
        )
    return Reference(
        name=plan.reference.name,
        version=NEXT_VERSION,
        model_name=plan.model_name,
        model_version=version,
        created_at=now,
        origin=f"{sample.artifact} of {sample.name} {sample.version} in MLflow, {how}",
        sample=found,
        source={**sample.source(), "sha256": digest},
    )


@contextmanager
def _mlflow(sources: Sources) -> Iterator[MlflowClient]:
    uri = sources.mlflow_tracking_uri
    if uri is None:
        raise ReferenceNotBuilt("spec.reference.mlflow needs MLflow: set MM_JOB_MLFLOW_TRACKING_URI.")
    try:
        yield client_class(uri)(tracking_uri=uri)
    except TrackingUnreachable as error:
        raise ReferenceNotBuilt(str(error)) from None
    except ReferenceNotBuilt:
        raise
    except Exception as error:
        # MLflow passes on whatever its stores raise.
        raise ReferenceNotBuilt(
            f"MLflow at {place(uri)} does not give the sample: {first_line(error)}."
        ) from error


def _download(sample: Registered, sources: Sources, folder: Path) -> Path:
    with _mlflow(sources) as client:
        if not sample.run_id:
            raise ReferenceNotBuilt(
                f"{sample.name} {sample.version} in MLflow was registered without a run, so it has no "
                "artifacts: name a data set in spec.reference.dataset."
            )
        fetched: Any = client.download_artifacts(sample.run_id, sample.artifact, str(folder))
    return Path(fetched)
