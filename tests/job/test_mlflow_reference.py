"""References that were stored with the model, in a real MLflow server over HTTP."""

from __future__ import annotations

import json
from contextlib import closing
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from modelmonitor.job.references.sources import Sources
from modelmonitor.job.run import Options, run
from modelmonitor.local.mlflow import MlflowServer
from modelmonitor.local.ports import free_port
from modelmonitor.store.connection import connect
from modelmonitor.store.references import list_references, load_reference

pytestmark = pytest.mark.timeout(300)
SPEC = {"mlflow": {"registeredModel": "reviews", "artifact": "reference.ndjson"}}


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    with MlflowServer(tmp_path_factory.mktemp("mlflow"), port=free_port(0).number) as server:
        yield server.url


@pytest.fixture
def conn(database_url):
    with closing(connect(database_url, application_name="tests")) as connection:
        yield connection


@pytest.fixture
def register(mlflow, tmp_path):
    """Registers a version of a model of this test with a sample beside it."""
    client, name = MlflowClient(tracking_uri=mlflow), f"reviews-{uuid4().hex[:12]}"
    client.create_registered_model(name)
    experiment = client.create_experiment(name)

    def register(write, *, artifact="reference.ndjson", alias="champion"):
        run_id = client.create_run(experiment).info.run_id
        path = tmp_path / artifact
        write(path)
        client.log_artifact(run_id, str(path))
        source = f"{client.get_run(run_id).info.artifact_uri}/model"
        version = client.create_model_version(name, source, run_id=run_id, await_creation_for=None).version
        client.set_registered_model_alias(name, alias, version)
        return version

    register.model = name
    return register


@pytest.fixture
def check(database_url, world, mlflow, register):
    def check(spec=SPEC, **sources):
        spec = {"mlflow": {**spec["mlflow"], "registeredModel": register.model}}
        given = {"mlflow_tracking_uri": mlflow, "datasets": {}.__getitem__, **sources}
        options = Options(now=world.NOW, sources=Sources(**given))
        return run(world.plan_with(spec), database_url=database_url, options=options).report

    return check


def rows_of(sample, *, embedding=True):
    return [
        {
            "text": sample.texts[i],
            "label": sample.classes[sample.labels[i]],
            "probability_NEGATIVE": float(sample.probabilities[i, 0]),
            "probability_POSITIVE": float(sample.probabilities[i, 1]),
            **({"embedding": sample.embeddings[i].tolist()} if embedding else {}),
        }
        for i in range(len(sample))
    ]


def ndjson(rows):
    return lambda path: path.write_text("\n".join(map(json.dumps, rows)))


def test_rows_that_the_version_scored_are_the_reference_of_that_version(
    conn, register, check, database_url, world
):
    sample = world.draw(400, seed=1)
    version = register(ndjson(rows_of(sample)))
    world.log(database_url, world.draw(600, seed=2), version=version)
    report = check()
    assert report.checks[0].verdict.outcome == "NoDrift"
    assert (report.reference.model_version, report.reference.rows) == (version, 400)
    found = load_reference(conn, name="ml/sentiment:mlflow", model_name="sentiment").sample
    assert np.allclose(found.probabilities, sample.probabilities)
    assert found.labels.tolist() == sample.labels.tolist()
    assert check().reference.version == 1


def test_texts_alone_are_scored_by_the_served_model(conn, register, check, predictor):
    texts = [{"text": f"{'good film ' * (i % 9 + 1)}{i}", "label": "POSITIVE"} for i in range(300)]
    register(
        lambda path: path.write_text("text,label\n" + "\n".join(f"{r['text']},{r['label']}" for r in texts)),
        artifact="reference.csv",
    )
    spec = {"mlflow": {**SPEC["mlflow"], "artifact": "reference.csv"}}
    report = check(spec, predictor_url=predictor.url, score_token=predictor.token)
    assert report.reference.origin.endswith("in MLflow, scored by sentiment 7")
    assert report.reference.rows == 300


def test_parquet_is_read(register, check, world):
    rows = rows_of(world.draw(300, seed=1))
    register(lambda path: pq.write_table(pa.Table.from_pylist(rows), path), artifact="reference.parquet")
    spec = {"mlflow": {**SPEC["mlflow"], "artifact": "reference.parquet"}}
    assert check(spec).reference.rows == 300


def test_when_the_alias_moves_the_next_version_is_built(conn, register, check, database_url, world):
    first = register(ndjson(rows_of(world.draw(300, seed=1))))
    check()
    second = register(ndjson(rows_of(world.draw(350, seed=2))))
    world.log(database_url, world.draw(600, seed=3), version=second)
    assert check().reference.rows == 350
    assert [each.model_version for each in list_references(conn)] == [second, first]


def test_a_version_that_is_not_served_is_told(register, check, database_url, world):
    register(ndjson(rows_of(world.draw(300, seed=1))))
    world.log(database_url, world.draw(600, seed=3), version="99")
    report = check()
    assert report.checks[0].verdict.code == "NoReference"
    assert "but version 99 is served" in report.checks[0].sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"artifact": "nowhere.csv"}, "does not give the sample"),
        ({"alias": "nobody"}, "does not give the sample"),
    ],
)
def test_what_mlflow_does_not_have_is_told(register, check, world, change, sentence):
    register(ndjson(rows_of(world.draw(300, seed=1))))
    report = check({"mlflow": {**SPEC["mlflow"], **change}})
    assert report.checks[0].verdict.code == "NoReference"
    assert sentence in report.checks[0].sentence


def test_a_row_without_probabilities_that_sum_to_1_is_named_and_nothing_is_saved(
    conn, register, check, world
):
    rows = rows_of(world.draw(300, seed=1))
    rows[7]["probability_POSITIVE"] = 3
    register(ndjson(rows))
    report = check()
    assert "Row 8 of reference.ndjson has no probabilities that sum to 1" in report.checks[0].sentence
    assert list_references(conn) == ()


def test_without_mlflow_the_stored_reference_goes_on_and_it_is_said(register, check, world, unused_port):
    register(ndjson(rows_of(world.draw(300, seed=1))))
    check()
    report = check(mlflow_tracking_uri=f"http://127.0.0.1:{unused_port}")
    assert report.reference.version == 1
    assert "does not answer" in report.reference.outdated
