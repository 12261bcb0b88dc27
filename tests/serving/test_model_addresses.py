"""A model is found in a directory and in MLflow, with a version that changes when the model does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from model_server.checkpoint import find_checkpoint, locate
from model_server.errors import ModelMissing
from model_server.loading import load_model
from model_server.settings import ServerSettings, load_settings

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """Address of an MLflow registry in a SQLite file."""
    address = f"sqlite:///{tmp_path / 'mlflow.db'}"
    mlflow.set_tracking_uri(address)
    experiment = mlflow.create_experiment("training", artifact_location=str(tmp_path / "artifacts"))
    with mlflow.start_run(experiment_id=experiment):
        yield address
    mlflow.set_tracking_uri(None)


def test_the_version_of_a_directory_changes_with_its_weights(tiny_model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_model, tmp_path / "copy")
    same = find_checkpoint(copy, source="copy").version
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\x00\x00\x80\x3f")

    assert find_checkpoint(tiny_model, source="tiny").version == same
    assert find_checkpoint(copy, source="copy").version != same
    assert len(same) == 12


def test_a_registered_hugging_face_directory_is_served_by_alias_and_by_version(
    tiny_model: Path, registry: str, tmp_path: Path
) -> None:
    mlflow.log_artifacts(str(tiny_model), artifact_path="model")
    run = mlflow.active_run()
    assert run is not None
    client = MlflowClient()
    client.create_registered_model("sentiment")
    for _ in range(2):
        client.create_model_version(
            "sentiment", source=f"{run.info.artifact_uri}/model", run_id=run.info.run_id
        )
    client.set_registered_model_alias("sentiment", "champion", "2")

    by_alias = locate("models:/sentiment@champion", tracking_uri=registry, cache_dir=tmp_path / "cache")
    by_version = locate("models:/sentiment/1", tracking_uri=registry, cache_dir=tmp_path / "cache")
    assert (by_alias.version, by_version.version) == ("2", "1")
    assert (by_alias.directory / "config.json").is_file()
    # A second start finds the files again instead of downloading them.
    assert (
        locate("models:/sentiment@champion", tracking_uri=registry, cache_dir=tmp_path / "cache") == by_alias
    )


def exact(cache: Path) -> ServerSettings:
    return load_settings({"runtime": "torch", "precision": "fp32", "model_cache_dir": cache})


def test_a_pipeline_logged_with_the_transformers_flavour_is_served(
    tiny_model: Path, registry: str, tmp_path: Path
) -> None:
    from transformers import pipeline

    mlflow.transformers.log_model(
        pipeline("text-classification", model=str(tiny_model)),
        name="model",
        registered_model_name="flavoured",
        pip_requirements=["transformers"],
    )
    checkpoint = locate("models:/flavoured/1", tracking_uri=registry, cache_dir=tmp_path / "cache")
    classifier = load_model(exact(tmp_path), checkpoint, threads=1)

    assert (checkpoint.version, classifier.classes) == ("1", ("NEGATIVE", "NEUTRAL", "POSITIVE"))


def test_what_is_not_in_the_registry_is_named(registry: str, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="does not give models:/nobody@champion"):
        locate("models:/nobody@champion", tracking_uri=registry, cache_dir=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_text_gets_the_same_score_whatever_its_batch_mates(tiny_model: Path, tmp_path: Path) -> None:
    classifier = load_model(exact(tmp_path), find_checkpoint(tiny_model, source="tiny"), threads=1)
    texts = ["good", "this film is terrible ! i hate it", "a " * 300]
    together = classifier.forward(classifier.encode(texts))

    assert max(map(len, classifier.encode(texts))) == classifier.max_tokens == 128
    for text, score in zip(texts, together, strict=True):
        [alone] = classifier.forward(classifier.encode([text]))
        assert score.probabilities == pytest.approx(alone.probabilities, abs=1e-5)
        assert sum(score.probabilities) == pytest.approx(1)
