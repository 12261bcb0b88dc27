"""Against a real MLflow server."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from transformers import pipeline

from modelmonitor.demo.champion import DemoData, ensure_champion
from modelmonitor.demo.registry import CHAMPION_URI, find_champion
from modelmonitor.demo.split import Split

from .conftest import TINY_SETTINGS

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def data(tiny_encoder, opinions) -> DemoData:
    return DemoData(
        reviews=Split(training=opinions[:48], reference=opinions[48:56], traffic=opinions[56:]),
        tweets=(),
        encoder=tiny_encoder,
        sources={"vaderSentiment": "ab" * 32},
    )


@pytest.fixture(scope="module")
def registered(data, tracking_uri):
    assert find_champion(tracking_uri) is None
    return ensure_champion(data, settings=TINY_SETTINGS, tracking_uri=tracking_uri, observe=lambda _: None)


def test_the_first_training_becomes_version_one_and_champion(registered, tracking_uri):
    model, trained_now = registered

    assert trained_now
    assert model.version == 1
    assert find_champion(tracking_uri) == model


def test_the_run_holds_what_explains_the_model(registered, tracking_uri):
    client = mlflow.MlflowClient(tracking_uri)
    run = client.get_run(registered[0].run_id)

    assert run.data.params["learning_rate"] == "0.003"
    assert run.data.params["training_rows"] == "48"
    assert run.data.metrics.keys() >= {
        "accuracy",
        "f1",
        "precision",
        "recall",
        "mean_confidence",
        "training_loss",
    }
    assert run.data.tags.keys() >= {"package.torch", "package.transformers", "package.mlflow"}
    assert [entry.dataset.name for entry in run.inputs.dataset_inputs] == ["movie-reviews"]
    assert len(client.get_metric_history(run.info.run_id, "training_loss")) == 60
    names = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert names >= {"confusion_matrix.png", "training_data.json"}
    assert run.info.status == "FINISHED"


def test_the_champion_downloads_as_a_hugging_face_directory(registered, tracking_uri, tmp_path, monkeypatch):
    # As the predictor has it; the argument tracking_uri does not say where the registry is.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri)

    folder = mlflow.artifacts.download_artifacts(CHAMPION_URI, dst_path=str(tmp_path))

    classify = pipeline("text-classification", model=str(Path(folder) / "model"))

    assert [answer["label"] for answer in classify(["a great story", "the dull film"])] == [
        "POSITIVE",
        "NEGATIVE",
    ]


def test_mlflow_lists_the_model_with_its_metrics(registered, tracking_uri):
    client = mlflow.MlflowClient(tracking_uri)
    version = client.get_model_version_by_alias("sentiment", "champion")

    model = client.get_logged_model(version.source.removeprefix("models:/"))

    assert model.status == "READY"
    assert json.loads(model.tags["mlflow.modelVersions"]) == [
        {"name": "sentiment", "version": version.version}
    ]
    assert {metric.key for metric in model.metrics} >= {"accuracy", "f1", "precision", "recall"}


def test_the_same_training_is_not_repeated_but_another_one_is(registered, data, tracking_uri):
    def ensure(settings):
        return ensure_champion(data, settings=settings, tracking_uri=tracking_uri, observe=lambda _: None)

    assert ensure(TINY_SETTINGS) == (registered[0], False)

    second, trained_now = ensure(replace(TINY_SETTINGS, seed=8))

    assert (second.version, trained_now) == (2, True)
    assert find_champion(tracking_uri) == second
    assert ensure(TINY_SETTINGS)[0].version == 3


def test_registering_leaves_the_settings_of_mlflow_in_this_process_as_they_were(registered):
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert not mlflow.is_tracking_uri_set()
    assert logging.getLogger("mlflow").level != logging.ERROR
