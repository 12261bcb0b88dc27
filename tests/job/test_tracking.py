"""A run in a real MLflow store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from modelmonitor.job.run import Options, run
from modelmonitor.job.tracking import TrackingUnreachable, log_run

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def tracking_uri(tmp_path, monkeypatch):
    # MLflow puts artifacts of a sqlite store under the working directory.
    monkeypatch.chdir(tmp_path)
    return f"sqlite:///{tmp_path}/mlflow.db"


def test_a_run_is_found_in_the_experiment_of_its_monitor(database_url, world, tracking_uri, tmp_path):
    world.reference(database_url, world.draw(800, seed=1))
    world.log(database_url, world.tweets())
    options = Options(now=world.NOW, mlflow_tracking_uri=tracking_uri, run_id="run-1")
    finished = run(world.plan(only="concept"), database_url=database_url, options=options)
    assert finished.published.degraded == ()
    client = MlflowClient(tracking_uri=tracking_uri)
    experiment = client.get_experiment_by_name("modelmonitor/sentiment")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.run_id == finished.published.mlflow_run_id
    assert found.info.status == "FINISHED"
    assert found.data.tags["modelmonitor.run_id"] == "run-1"
    assert found.data.tags["modelmonitor.verdict"] == "critical"
    assert found.data.params["concept.detector"] == "chi-square (native)"
    assert found.data.metrics["concept.drift"] == 1.0
    assert found.data.metrics["rows"] == 600.0
    (tmp_path / "fetched").mkdir()
    twin = client.download_artifacts(found.info.run_id, "report.json", str(tmp_path / "fetched"))
    assert json.loads(Path(twin).read_text())["runId"] == "run-1"
    files = ["explanation.json", "report.html", "report.json"]
    assert [item.path for item in client.list_artifacts(found.info.run_id)] == files
    assert found.data.tags["modelmonitor.explanation.concept"] == finished.status[0].explanation
    assert found.data.metrics["drifted_share_low"] > 0.3

    again = log_run(finished.report, html="<p>", tracking_uri=tracking_uri)
    assert {item.info.run_id for item in client.search_runs([experiment.experiment_id])} == {
        found.info.run_id,
        again,
    }


def test_a_store_that_cannot_be_opened_is_one_sentence(database_url, world):
    world.reference(database_url, world.draw(300, seed=1))
    world.log(database_url, world.draw(300, seed=2))
    report = run(world.plan(only="concept"), database_url=database_url, options=Options(now=world.NOW)).report
    with pytest.raises(TrackingUnreachable, match="did not take the run"):
        log_run(report, html="<p>", tracking_uri="gopher://nowhere")
